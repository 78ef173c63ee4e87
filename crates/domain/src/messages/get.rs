//! Shows messages by their ids.

use std::borrow::Cow;

use zaqar_model::{Caller, DestinationName, Message, MessageId, Timestamp};

use super::list::{Listed, out_of_bounds};
use crate::error::OrUnavailable;
use crate::limits::count_within;
use crate::permissions::Rule;
use crate::pipeline::pass;
use crate::{Absent, Error, Failure, Result, Zaqar};

impl Zaqar {
    /// One message, and the moment at which its age is taken. A text that is no id names no message, and a queue that is
    /// not there has none.
    pub async fn get_message(
        &self,
        caller: &Caller,
        name: &DestinationName,
        id: &str,
    ) -> Result<(Message, Timestamp)> {
        self.permit(caller, Rule::MessagesGet)?;
        let answer = pass!(self.pipelines.messages, stage => stage.get_message(caller, name, id));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let failure = Failure::GetMessage;
        let now = self.now();
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let message = match (found, id.parse()) {
            (Some(queue), Ok(id)) => {
                let messages = self.stores.messages.get(&queue.destination, &[id], now).await;
                let mut messages = messages.or_unavailable(failure)?;
                self.open(&queue.destination, &mut messages, failure)?;
                messages.pop()
            }
            _ => None,
        };
        let absent =
            || Absent::Message { id: id.to_owned(), queue: name.clone(), project: caller.project.clone() };
        message.map(|message| (message, now)).ok_or_else(|| Error::NotFound(absent()))
    }

    /// Those of the messages that exist.
    pub async fn get_messages(
        &self,
        caller: &Caller,
        name: &DestinationName,
        ids: &[String],
    ) -> Result<Listed> {
        self.permit(caller, Rule::MessagesGetAll)?;
        let mut ids = Cow::Borrowed(ids);
        let answer = pass!(self.pipelines.messages, stage => stage.get_messages(caller, name, ids.to_mut()));
        if let Some(answer) = answer? {
            return Ok(answer);
        }
        let max = self.limits.max_messages_per_page;
        count_within(i64::try_from(ids.len()).ok(), max, 0).ok_or_else(|| out_of_bounds(max))?;
        let failure = Failure::GetMessage;
        let now = self.now();
        let found = self.find(&caller.project, name).await.or_unavailable(failure)?;
        let messages = match found {
            Some(queue) => {
                let ids = valid(&ids);
                let store = &self.stores.messages;
                let mut messages = store.get(&queue.destination, &ids, now).await.or_unavailable(failure)?;
                self.open(&queue.destination, &mut messages, failure)?;
                messages
            }
            None => Vec::new(),
        };
        if messages.is_empty() {
            return Err(Error::NotFound(Absent::Messages {
                ids: ids.to_vec(),
                queue: name.clone(),
                project: caller.project.clone(),
            }));
        }
        Ok(Listed { messages, now, next: None })
    }
}

/// The texts that are ids; the others name nothing.
pub(super) fn valid(ids: &[String]) -> Vec<MessageId> {
    ids.iter().filter_map(|id| id.parse().ok()).collect()
}
