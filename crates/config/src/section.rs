//! The trait of configuration sections, and the macro that declares one.

use std::collections::HashMap;

use crate::option::{OptionKey, OptionSpec};
use crate::option_type::OptionType;
use crate::value::Value;

/// The values that were set, by option.
#[derive(Default)]
pub(crate) struct Values(HashMap<OptionKey, Value>);

impl Values {
    pub(crate) fn set(&mut self, key: OptionKey, value: Value) {
        self.0.insert(key, value);
    }

    /// `None` if the option was not set.
    pub(crate) fn get<T: OptionType>(&self, group: &'static str, name: &'static str) -> Option<T> {
        self.0.get(&OptionKey { group, name }).and_then(T::from_value)
    }
}

/// A struct of options. The table in `sections.rs` names its group, so that one struct may serve several groups.
pub(crate) trait Section: Default {
    /// The lines of the doc comment of the struct.
    const ABOUT: &'static [&'static str];

    fn options(group: &'static str) -> Vec<OptionSpec>;
    fn from_values(group: &'static str, values: &Values) -> Self;
}

/// Declares a section: a struct with a field per option.
///
/// The doc comment of a field is the help text of its option, in the documentation and in the sample file. Modifiers of
/// [`OptionSpec`] may follow the default.
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
                Self { $( $name: <$type as $crate::option_type::OptionType>::declared($default), )+ }
            }
        }

        impl $crate::section::Section for $section {
            const ABOUT: &'static [&'static str] = &[$($about),+];

            fn options(group: &'static str) -> Vec<$crate::option::OptionSpec> {
                vec![$(
                    $crate::option::OptionSpec::new::<$type>(
                        $crate::option::OptionKey { group, name: stringify!($name) },
                        &[$($help),+],
                        $default,
                    )
                    $(.$modifier($($argument),*))*
                ),+]
            }

            fn from_values(group: &'static str, values: &$crate::section::Values) -> Self {
                let default = Self::default();
                Self { $( $name: values.get(group, stringify!($name)).unwrap_or(default.$name), )+ }
            }
        }
    };
}

pub(crate) use section;
