//! What may be posted at Acme, and for how long it is kept.

use std::fs;
use std::path::Path;

use async_trait::async_trait;
use zaqar_domain::{Draft, Error, Stage, StageFailure, StageResult, Verdict};
use zaqar_model::{Caller, DestinationName, IdSource, MessageId, RandomIds};

const LONGEST_TTL: i64 = 3600;

#[derive(Debug)]
pub(crate) struct HouseRules {
    forbidden_words: Vec<String>,
}

impl HouseRules {
    /// Reads the forbidden words from a file, one a line.
    pub(crate) fn read(path: &Path) -> Result<Self, StageFailure> {
        let words = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { forbidden_words: words.lines().map(str::to_owned).collect() })
    }

    fn forbidden_word_in(&self, draft: &Draft) -> Option<&String> {
        let text = String::from_utf8_lossy(draft.body.as_bytes());
        self.forbidden_words.iter().find(|word| text.contains(*word))
    }
}

#[async_trait]
impl Stage for HouseRules {
    async fn post_messages(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        drafts: &mut Vec<Draft>,
    ) -> StageResult<Vec<MessageId>> {
        // Inspect.
        tracing::info!(project = %caller.project, queue = %queue.name, count = drafts.len(), "messages are posted");

        // Refuse.
        if let Some(word) = drafts.iter().find_map(|draft| self.forbidden_word_in(draft)) {
            let text = format!("A message has the word \"{word}\" in it, which does not leave this house.");
            return Ok(Verdict::Refuse(Error::Refused(text)));
        }

        // Answer: load tests post to this queue, and nothing of that is kept.
        if queue.name.as_str() == "load-test" {
            let ids = drafts.iter().map(|_| MessageId::from_u128(RandomIds.next_u128())).collect();
            return Ok(Verdict::Answer(ids));
        }

        // Change.
        for draft in drafts {
            draft.ttl = Some(draft.ttl.unwrap_or(LONGEST_TTL).min(LONGEST_TTL));
        }
        Ok(Verdict::Pass)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use zaqar_domain::{Draft, Error, Stage, Verdict};
    use zaqar_model::{Caller, DestinationName, Identity, JsonText, ProjectId, QueueName};

    use super::HouseRules;

    async fn posted(queue: &str, draft: &mut Draft) -> Verdict<usize> {
        let rules = HouseRules { forbidden_words: vec!["roadmap".to_owned()] };
        let project = ProjectId::new("acme").unwrap();
        let caller = Caller { project, client: None, roles: Vec::new(), identity: Identity::default() };
        let queue = DestinationName::queue(QueueName::new(queue).unwrap());
        let mut drafts = vec![draft.clone()];
        let verdict = rules.post_messages(&caller, &queue, &mut drafts).await.unwrap();
        *draft = drafts.remove(0);
        match verdict {
            Verdict::Pass => Verdict::Pass,
            Verdict::Answer(ids) => Verdict::Answer(ids.len()),
            Verdict::Refuse(error) => Verdict::Refuse(error),
        }
    }

    fn draft(body: &'static str, ttl: Option<i64>) -> Draft {
        Draft { ttl, delay: None, body: JsonText::parse(Bytes::from_static(body.as_bytes())).unwrap() }
    }

    #[tokio::test]
    async fn forbidden_words_are_refused() {
        let verdict = posted("q", &mut draft("\"our roadmap\"", None)).await;
        assert!(matches!(verdict, Verdict::Refuse(Error::Refused(text)) if text.contains("roadmap")));
    }

    #[tokio::test]
    async fn load_tests_get_an_id_for_each_message() {
        assert!(matches!(posted("load-test", &mut draft("1", None)).await, Verdict::Answer(1)));
    }

    #[tokio::test]
    async fn nothing_is_kept_longer_than_an_hour() {
        for (wished, kept) in [(None, 3600), (Some(60), 60), (Some(99_999), 3600)] {
            let mut draft = draft("1", wished);
            assert!(matches!(posted("q", &mut draft).await, Verdict::Pass));
            assert_eq!(draft.ttl, Some(kept));
        }
    }
}
