mod common;
use common::*;
#[test]
fn look() {
    let Ok(name) = std::env::var("TRACE") else { return };
    let bytes = std::fs::read(&name).unwrap();
    let mut bed = Bed::up();
    for message in messages(&events(&bytes)) {
        bed.receive(message.as_bytes());
        if std::env::var("MORE").is_ok() {
            println!("    {}", message.lines().next().unwrap_or(""));
        }
        let mut names = Names::default();
        let _ = &mut names;
        bed_print(&mut bed);
    }
    bed.wait(3000);
    bed_print(&mut bed);
}
thread_local! { static NAMES: std::cell::RefCell<Names> = Default::default(); }
fn bed_print(bed: &mut Bed) {
    NAMES.with(|n| {
        for fact in bed.facts() {
            println!("{}", say(&fact, &mut n.borrow_mut()));
        }
    });
}
