//! The trait of configuration sections, and the macro that declares one: for the sections of this crate, and for those
//! that storage drivers bring.

use std::collections::HashMap;
use std::fmt;

use crate::option::{OptionKey, OptionSpec};
use crate::option_type::OptionType;
use crate::sections::SectionSpec;
use crate::value::Value;

/// The values that were set, by option.
#[derive(Clone, Default, PartialEq)]
pub struct Values(HashMap<OptionKey, Value>);

/// Without the values: some are secret.
impl fmt::Debug for Values {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys().map(ToString::to_string)).finish()
    }
}

impl Values {
    pub(crate) fn set(&mut self, key: OptionKey, value: Value) {
        self.0.insert(key, value);
    }

    /// Those that change something in these sections.
    pub(crate) fn changes_to(&self, sections: &[SectionSpec]) -> Self {
        let options = sections.iter().flat_map(|section| &section.options);
        let changed = options.filter_map(|option| {
            let value = self.0.get(&option.key).filter(|value| **value != option.default)?;
            Some((option.key, value.clone()))
        });
        Self(changed.collect())
    }

    /// `None` if the option was not set.
    pub fn get<T: OptionType>(&self, group: &'static str, name: &'static str) -> Option<T> {
        self.0.get(&OptionKey { group, name }).and_then(T::from_value)
    }
}

/// A struct of options. Its [`SectionSpec`](crate::SectionSpec) names its group, so that one struct may serve several.
pub trait Section: Default {
    /// The lines of the doc comment of the struct.
    const ABOUT: &'static [&'static str];

    fn options(group: &'static str) -> Vec<OptionSpec>;
    fn from_values(group: &'static str, values: &Values) -> Self;
}

/// Declares a section: a struct with a field per option.
///
/// The doc comment of a field is the help text of its option, in the documentation and in the sample file. Modifiers of
/// [`OptionSpec`](crate::declared::OptionSpec) may follow the default.
///
/// ```
/// use zaqar_config::{SectionSpec, section};
///
/// section! {
///     /// A store in memory.
///     pub struct Memory;
///
///     /// Maximum number of messages.
///     max_messages: u32 = 1000, at_least(1);
/// }
///
/// let spec = SectionSpec::new::<Memory>("drivers:message_store:memory");
/// assert!(zaqar_config::sample(false, &[spec]).contains("#max_messages = 1000"));
/// ```
#[macro_export]
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub struct $section:ident;
        $(
            $(#[doc = $help:literal])+
            $name:ident: $type:ty = $default:expr $(, $modifier:ident($($argument:expr),*))*;
        )+
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $section {
            $( $(#[doc = $help])+ pub $name: $type, )+
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $( $name: <$type as $crate::declared::OptionType>::declared($default), )+ }
            }
        }

        impl $crate::Section for $section {
            const ABOUT: &'static [&'static str] = &[$($about),+];

            fn options(group: &'static str) -> Vec<$crate::declared::OptionSpec> {
                vec![$(
                    $crate::declared::OptionSpec::new::<$type>(
                        $crate::declared::OptionKey { group, name: stringify!($name) },
                        &[$($help),+],
                        $default,
                    )
                    $(.$modifier($($argument),*))*
                ),+]
            }

            fn from_values(group: &'static str, values: &$crate::declared::Values) -> Self {
                let default = Self::default();
                Self { $( $name: values.get(group, stringify!($name)).unwrap_or(default.$name), )+ }
            }
        }
    };
}

pub(crate) use section;
