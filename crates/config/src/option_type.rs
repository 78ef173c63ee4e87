//! The Rust types of section fields, and the option kind of each.

use std::collections::BTreeMap;

use crate::kind::Kind;
use crate::secret::Secret;
use crate::value::Value;

/// A type that a section field may have.
pub trait OptionType: Sized {
    /// The type of the default in a declaration.
    type Declared;
    /// Whether an empty text means "not set".
    const OPTIONAL: bool = false;
    const SECRET: bool = false;

    fn kind() -> Kind;
    fn declared(default: Self::Declared) -> Self;
    fn to_value(&self) -> Value;
    /// `None` if `value` does not come from [`Self::kind`].
    fn from_value(value: &Value) -> Option<Self>;
}

impl OptionType for String {
    type Declared = &'static str;

    fn kind() -> Kind {
        Kind::Text
    }

    fn declared(default: &'static str) -> Self {
        default.to_owned()
    }

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl OptionType for Secret {
    type Declared = &'static str;
    const SECRET: bool = true;

    fn kind() -> Kind {
        Kind::Text
    }

    fn declared(default: &'static str) -> Self {
        Self::new(default)
    }

    fn to_value(&self) -> Value {
        Value::Text(self.expose().to_owned())
    }

    fn from_value(value: &Value) -> Option<Self> {
        String::from_value(value).map(Self::new)
    }
}

impl OptionType for bool {
    type Declared = Self;

    fn kind() -> Kind {
        Kind::Boolean
    }

    fn declared(default: Self) -> Self {
        default
    }

    fn to_value(&self) -> Value {
        Value::Boolean(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Boolean(value) = value { Some(*value) } else { None }
    }
}

macro_rules! integers {
    ($($type:ty),+) => {$(
        impl OptionType for $type {
            type Declared = Self;

            fn kind() -> Kind {
                Kind::Integer { at_least: Self::MIN.into(), at_most: Self::MAX.into() }
            }

            fn declared(default: Self) -> Self {
                default
            }

            fn to_value(&self) -> Value {
                Value::Integer((*self).into())
            }

            fn from_value(value: &Value) -> Option<Self> {
                if let Value::Integer(number) = value { Self::try_from(*number).ok() } else { None }
            }
        }
    )+};
}

integers!(u16, u32, u64, i64);

impl OptionType for f64 {
    type Declared = Self;

    fn kind() -> Kind {
        Kind::Float { at_least: Self::NEG_INFINITY }
    }

    fn declared(default: Self) -> Self {
        default
    }

    fn to_value(&self) -> Value {
        Value::Float(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Float(number) = value { Some(*number) } else { None }
    }
}

/// Lists contain texts. The items of a `Vec<Secret>` are never shown.
impl<T: OptionType<Declared = &'static str>> OptionType for Vec<T> {
    type Declared = &'static [&'static str];
    const SECRET: bool = T::SECRET;

    fn kind() -> Kind {
        Kind::List { choices: Vec::new() }
    }

    fn declared(default: &'static [&'static str]) -> Self {
        default.iter().map(|item| T::declared(item)).collect()
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(|item| item.to_value().as_substituted()).collect())
    }

    fn from_value(value: &Value) -> Option<Self> {
        let Value::List(items) = value else { return None };
        items.iter().map(|item| T::from_value(&Value::Text(item.clone()))).collect()
    }
}

impl OptionType for BTreeMap<String, String> {
    type Declared = &'static [(&'static str, &'static str)];

    fn kind() -> Kind {
        Kind::Dictionary
    }

    fn declared(default: Self::Declared) -> Self {
        default.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn to_value(&self) -> Value {
        Value::Dictionary(self.clone())
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Dictionary(pairs) = value { Some(pairs.clone()) } else { None }
    }
}

impl<T: OptionType> OptionType for Option<T> {
    type Declared = Option<T::Declared>;
    const OPTIONAL: bool = true;
    const SECRET: bool = T::SECRET;

    fn kind() -> Kind {
        T::kind()
    }

    fn declared(default: Self::Declared) -> Self {
        default.map(T::declared)
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Unset, T::to_value)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Unset { Some(None) } else { T::from_value(value).map(Some) }
    }
}

/// Declares an enum whose variants are the choices of an option. The doc comments of the variants also appear in the
/// sample file.
#[macro_export]
macro_rules! choices {
    (
        $(#[doc = $about:literal])+
        pub enum $enum:ident {
            $( #[doc = $meaning:literal] $variant:ident = $text:literal, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $enum {
            $( #[doc = $meaning] $variant, )+
        }

        impl $enum {
            /// The choice as a configuration file writes it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $text, )+
                }
            }
        }

        impl $crate::declared::OptionType for $enum {
            type Declared = Self;

            fn kind() -> $crate::declared::Kind {
                let choices = vec![$( $crate::declared::Choice { value: $text, meaning: $meaning.trim_ascii() } ),+];
                $crate::declared::Kind::Choice { choices, ignore_case: false }
            }

            fn declared(default: Self) -> Self {
                default
            }

            fn to_value(&self) -> $crate::declared::Value {
                $crate::declared::Value::Text(self.as_str().to_owned())
            }

            fn from_value(value: &$crate::declared::Value) -> Option<Self> {
                match value {
                    $( $crate::declared::Value::Text(text) if text == $text => Some(Self::$variant), )+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use choices;
