//! The description says what the host does; cells say what they hold.

use serde_json::Value;

use super::export::csv_cell;
use super::{document, operations};

#[test]
fn the_document_describes_every_operation_and_every_reference_is_there() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    for operation in operations() {
        let described = &document["paths"][operation.path][operation.method];
        assert_eq!(described["operationId"], operation.id);
        for reply in operation.replies {
            assert!(described["responses"][reply.status.to_string()].is_object(), "{} {}", operation.id, reply.status);
        }
    }
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn no_cell_is_a_formula() {
    for (cell, written) in [
        ("Olena", "Olena"),
        ("", ""),
        ("+380441234567", "+380441234567"),
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("a,b", "\"a,b\""),
        ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
        ("two\nlines", "\"two\nlines\""),
    ] {
        assert_eq!(csv_cell(cell), written);
    }
}
