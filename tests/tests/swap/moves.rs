//! The same library in another place: between the isolations, with more memory, with more time.

use serde_json::json;

use crate::bed::{Plan, same};
use crate::{two, unnoticed};

#[test]
fn an_adapter_moves_between_the_isolations_in_the_middle_of_a_call() {
    let mut bed = two(Plan::new("process"));
    let expected = bed.course(|_, _| {});
    let came = bed.course(|bed, at| {
        let plan = match at {
            2 => Plan::new("host"),
            4 => Plan::new("process"),
            6 => Plan { keys: "memory = 300".to_owned(), ..Plan::new("process") },
            8 => Plan { keys: "memory = 300\ninput_timeout = \"7s\"".to_owned(), ..Plan::new("process") },
            _ => return,
        };
        let apart = plan.isolation == "process";
        let report = bed.reload(plan);
        let what = if at == 8 { "how long an input may take was changed" } else { "its adapter moved, unnoticed" };
        assert_eq!(report["done"], json!([format!("connection `pbx`: {what}")]), "{report}");
        assert_eq!(bed.status()["adapter"]["process"].is_u64(), apart, "{}", bed.status());
    });
    same(&expected, &came, "moves");
    unnoticed(&bed, 3);
    // Other settings begin anew, as ever.
    let report = bed.reload(Plan { settings: "tick_ms = 1000".to_owned(), ..Plan::new("process") });
    let done = report["done"].as_array().unwrap();
    assert!(done.contains(&json!("connection `pbx`: its settings were changed")), "{report}");
    bed.wait("disconnected");
    bed.wait("initialized");
    assert_eq!(bed.pbx.accepted(), 2);
}
