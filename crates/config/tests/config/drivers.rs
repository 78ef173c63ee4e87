//! The sections that storage drivers bring.

use zaqar_config::{Redis, SectionSpec, Sources, load, sample};

use crate::site::{DISK, Disk, of_drivers, site};

#[test]
fn a_driver_reads_its_own_section() {
    let set = site(format!("[{DISK}]\ndata_dir = /srv\n")).config().section::<Disk>(DISK);
    assert_eq!(set, Disk { data_dir: "/srv".to_owned(), ..Disk::default() });
    assert_eq!(site("").config().section::<Disk>(DISK), Disk::default());
}

#[test]
fn a_group_that_no_driver_serves_is_unknown() {
    let file = site(format!("[{DISK}]\ndata_dir = /srv\n"));
    assert!(file.warnings().is_empty());
    let mut file = file;
    let warnings = load(file.sources(), &[]).unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.to_string().contains(DISK)), "{warnings:?}");
}

#[test]
fn a_section_of_a_driver_takes_the_place_of_one_without_effect() {
    let group = "drivers:message_store:redis";
    let served = [SectionSpec::new::<Redis>(group)];
    let heading = format!("[{group}]\n");
    assert!(!sample(false, &[]).contains(&heading));
    let text = sample(false, &served);
    assert_eq!(text.matches(&heading).count(), 1);
    let effective = load(&Sources::default(), &served).unwrap().effective;
    assert!(
        effective.iter().any(|option| option.group == group && option.option == "uri" && option.has_effect)
    );
}

#[test]
fn the_sections_of_drivers_stand_behind_the_stores_that_they_are_chosen_by() {
    let text = sample(false, &of_drivers());
    let place = |heading: &str| text.find(heading).unwrap();
    assert!(place("\n[drivers]\n") < place("\n[drivers:message_store:disk]\n"));
    assert!(place("\n[drivers:message_store:disk]\n") < place("\n[drivers:transport:wsgi]\n"));
}
