//! What processes use of the processors.

use std::fs;

/// What the system says of a process: fields of `/proc/…/stat` behind its name, which may hold anything.
fn fields(id: u32) -> Option<Vec<u64>> {
    let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let words = line.rsplit_once(')')?.1.split_whitespace();
    // A letter, and numbers below zero: nothing of them is asked for.
    Some(words.map(|word| word.parse().unwrap_or_default()).collect())
}

/// Processor seconds that a process has used, and those that it has started, also where they have ended.
pub(crate) fn cpu(id: u32) -> f64 {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let all: Vec<(u32, Vec<u64>)> = ids.filter_map(|id| Some((id, fields(id)?))).collect();
    let mut family = vec![id];
    let mut ticks = 0;
    while let Some(id) = family.pop() {
        let Some((_, fields)) = all.iter().find(|(other, _)| *other == id) else { continue };
        // Its own in the program and in the system, and the same of children that it has waited for.
        ticks += fields[11..15].iter().sum::<u64>();
        family.extend(all.iter().filter(|(_, fields)| fields[1] == u64::from(id)).map(|(id, _)| *id));
    }
    ticks as f64 / 100.0
}
