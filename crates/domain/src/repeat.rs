//! Calls whose outcome is unknown are made once more.

use zaqar_storage::{StorageError, StorageResult};

/// Makes a call of the storage contract, and makes it again if the store's answer was lost on its way: the contract says of
/// each such call that it may be repeated. The call is told whether it is. A second loss is the caller's to report.
pub(crate) async fn repeat<T, F>(call: impl Fn(bool) -> F) -> StorageResult<T>
where
    F: Future<Output = StorageResult<T>>,
{
    match call(false).await {
        Err(StorageError::OutcomeUnknown(cause)) => {
            tracing::debug!(%cause, "the answer of the store was lost; the call is made once more");
            call(true).await
        }
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use zaqar_storage::{StorageError, StorageResult};

    use super::repeat;

    /// How often a call is made of which each answer is the next of these.
    async fn calls(answers: &[fn() -> StorageResult<()>]) -> (usize, StorageResult<()>) {
        let made = Cell::new(0);
        let outcome = repeat(|is_repeated| {
            assert_eq!(is_repeated, made.get() > 0);
            made.set(made.get() + 1);
            std::future::ready(answers[made.get() - 1]())
        });
        let outcome = outcome.await;
        (made.get(), outcome)
    }

    #[tokio::test]
    async fn only_a_call_whose_outcome_is_unknown_is_made_once_more() {
        let done = || Ok(());
        let lost = || Err(StorageError::outcome_unknown("the line was cut"));
        let refused = || Err(StorageError::Conflict("it was changed"));
        assert!(matches!(calls(&[done]).await, (1, Ok(()))));
        assert!(matches!(calls(&[refused]).await, (1, Err(StorageError::Conflict(_)))));
        assert!(matches!(calls(&[lost, done]).await, (2, Ok(()))));
        assert!(matches!(calls(&[lost, refused]).await, (2, Err(StorageError::Conflict(_)))));
        assert!(matches!(calls(&[lost, lost]).await, (2, Err(StorageError::OutcomeUnknown(_)))));
    }
}
