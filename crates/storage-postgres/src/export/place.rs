//! How far an export has come. The cursors say it, so that the store keeps nothing of it.

use uuid::Uuid;
use zaqar_storage::{ExportCursor, StorageError, StorageResult};

use super::Key;

/// How far everything was exported once.
pub(super) struct Place {
    /// The number of the page.
    pub(super) page: i64,
    /// By kinds.
    pub(super) behind: [Key; 4],
    pub(super) batch: (i64, Uuid),
    pub(super) cursor: Uuid,
    pub(super) is_end: bool,
}

impl Place {
    pub(super) fn parse(cursor: &ExportCursor) -> StorageResult<Self> {
        if cursor.0.is_empty() {
            let (behind, batch) = ([(Uuid::nil(), -1); 4], (i64::MIN, Uuid::nil()));
            return Ok(Self { page: 0, behind, batch, cursor: Uuid::nil(), is_end: false });
        }
        let unknown = || StorageError::Conflict("no page of this export ends there");
        let mut words = cursor.0.split(' ');
        Self::read(&mut words).ok_or_else(unknown)
    }

    fn read<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let page = words.next()?.parse().ok()?;
        let mut behind = [Key::default(); 4];
        for key in &mut behind {
            *key = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        }
        let batch = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let (cursor, is_end) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Self { page, behind, batch, cursor, is_end })
    }

    /// Turns to the next page; returns its number.
    pub(super) const fn turn(&mut self) -> i64 {
        self.page += 1;
        self.page
    }

    pub(super) fn cursor(&self) -> ExportCursor {
        let behind = self.behind.map(|(subscription, at)| format!("{subscription} {at}")).join(" ");
        let (last, batch) = self.batch;
        ExportCursor(format!("{} {behind} {last} {batch} {} {}", self.page, self.cursor, self.is_end))
    }
}

#[cfg(test)]
mod tests {
    use super::Place;
    use zaqar_storage::ExportCursor;

    #[test]
    fn a_cursor_says_how_far_it_has_come() {
        let mut place = Place::parse(&ExportCursor::default()).unwrap();
        assert_eq!(place.turn(), 1);
        place.behind[1].1 = 77;
        place.is_end = true;
        let again = Place::parse(&place.cursor()).unwrap();
        assert_eq!((again.page, again.behind, again.is_end), (1, place.behind, true));
        assert_eq!(again.cursor(), place.cursor());
        assert!(Place::parse(&ExportCursor("1 2".to_owned())).is_err());
    }
}
