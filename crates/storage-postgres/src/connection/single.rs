//! Work that is done alone: whatever is not often asked for, or takes several statements.

use futures_util::future::BoxFuture;
use zaqar_storage::{StorageError, StorageResult};

use super::lane::{Waiting, Work};
use super::{Failed, Lane, Session};

/// Does a piece of work; it may be called again when nothing was done.
type Call = Box<dyn for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<Answer, Failed>> + Send + Sync>;
type Answer = Box<dyn std::any::Any + Send>;

pub(crate) struct Read(Call);
pub(crate) struct Write(Call);

macro_rules! single {
    ($name:ident, $is_write:literal) => {
        #[async_trait::async_trait]
        impl Work for $name {
            type Answer = Answer;
            const IS_WRITE: bool = $is_write;
            const MOST: usize = 1;

            async fn perform(session: &Session, group: &mut [Waiting<Self>]) -> Result<(), Failed> {
                for waiting in group {
                    let answer = (waiting.work.0)(session).await?;
                    waiting.answer(Ok(answer));
                }
                Ok(())
            }
        }

        impl Lane<$name> {
            /// Does this alone, on a connection of the lane.
            pub(crate) async fn run<T: Send + 'static>(
                &self,
                call: impl for<'a> Fn(&'a Session) -> BoxFuture<'a, Result<T, Failed>> + Send + Sync + 'static,
            ) -> StorageResult<T> {
                let call = std::sync::Arc::new(call);
                let boxed: Call = Box::new(move |session| {
                    let call = std::sync::Arc::clone(&call);
                    Box::pin(async move { call(session).await.map(|answer| Box::new(answer) as Answer) })
                });
                let answer = self.ask($name(boxed)).await?.downcast::<T>();
                answer.map(|answer| *answer).map_err(|_| StorageError::driver("an answer of another kind"))
            }
        }
    };
}

single!(Read, false);
single!(Write, true);
