//! Every vector of a supported op.

use std::collections::BTreeSet;
use std::{fs, path::Path};

use relay::json::Json;
use relay::port::{answer, OPS};

#[test]
fn every_vector_of_a_supported_op() {
    let (mut seen, mut failed) = (BTreeSet::new(), 0);
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().map_or(true, |e| e != "json") {
            continue;
        }
        let file = Json::parse(&fs::read_to_string(&path).unwrap()).expect("JSON");
        for case in file.get("cases").list() {
            let op = case.get("op").text();
            if !OPS.contains(&op) {
                continue;
            }
            seen.insert(op.to_string());
            let want = match case.has("error") {
                true => ("error", case.get("error").clone()),
                false => ("value", case.get("expected").clone()),
            };
            let got = answer(case);
            if got != want {
                failed += 1;
                eprintln!("{}: expected {want:?}, got {got:?}: {}", case.get("id"), case.get("comment"));
            }
        }
    }
    assert_eq!(failed, 0, "vectors failed");
    assert_eq!(seen, OPS.iter().map(|op| op.to_string()).collect(), "every op has vectors");
}
