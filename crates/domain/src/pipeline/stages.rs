//! The stages that a build of the service has, by the names that a configuration calls them by.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Pipeline, Stage, StageFailure};

/// Makes a stage at the start of the service, one for each time that it is named.
type MakeStage = Box<dyn Fn() -> Result<Arc<dyn Stage>, StageFailure> + Send + Sync>;

/// Upstream's stage that tells subscribers of new messages. The service does that by itself, so here it does nothing;
/// a configuration that names it is understood.
const NOTIFIER: &str = "zaqar.notification.notifier";

/// All stages of a build, by name. `None`: there is nothing to do.
pub struct Stages(BTreeMap<String, Option<MakeStage>>);

impl Default for Stages {
    fn default() -> Self {
        Self(BTreeMap::from([(NOTIFIER.to_owned(), None)]))
    }
}

impl Stages {
    /// Those that come with the service.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another stage under this name, in place of one that had it before. What `make` answers is what an operator
    /// sees when the service does not start.
    #[must_use]
    pub fn with<M>(mut self, name: impl Into<String>, make: M) -> Self
    where
        M: Fn() -> Result<Arc<dyn Stage>, StageFailure> + Send + Sync + 'static,
    {
        self.0.insert(name.into(), Some(Box::new(make)));
        self
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The pipeline of the stages with these names, in this order.
    ///
    /// # Errors
    ///
    /// The first name without a stage, or whose stage cannot be made, with the reason.
    pub fn pipeline(&self, names: &[String]) -> Result<Pipeline, String> {
        let mut pipeline = Pipeline::default();
        for name in names {
            match self.0.get(name) {
                Some(Some(make)) => {
                    let stage =
                        make().map_err(|error| format!("the stage {name} cannot be made: {error}"))?;
                    pipeline.add(name, stage);
                }
                Some(None) => {}
                None => return Err(self.unknown(name)),
            }
        }
        Ok(pipeline)
    }

    /// What to say of a name that has no stage.
    pub fn unknown(&self, name: &str) -> String {
        let known = self.names().collect::<Vec<_>>().join(", ");
        format!("there is no stage {name}; the choices are: {known}")
    }
}

impl fmt::Debug for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
