//! The rows of COMPATIBILITY.md, by what stands in their first cell.

use std::path::Path;

pub(crate) struct Ledger {
    rows: Vec<String>,
}

impl Ledger {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../COMPATIBILITY.md");
        Self::of(&std::fs::read_to_string(path).unwrap())
    }

    fn of(text: &str) -> Self {
        let cell = |line: &str| Some(line.strip_prefix("| ")?.split(" | ").next()?.to_owned());
        Self { rows: text.lines().filter_map(cell).collect() }
    }

    /// Whether one row begins like this, and no other.
    pub(crate) fn has(&self, beginning: &str) -> bool {
        self.rows.iter().filter(|row| row.starts_with(beginning)).count() == 1
    }
}

#[test]
fn a_row_is_named_by_its_beginning() {
    let ledger = Ledger::of(
        "# Rows\n\n| upstream | here |\n| --- | --- |\n| one bug | mended |\n| one more | too |\n",
    );
    assert!(ledger.has("one bug"));
    assert!(!ledger.has("one"));
    assert!(!ledger.has("two"));
}
