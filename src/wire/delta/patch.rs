//! Makes a struct's patch: each field of it, or nothing. As text a patch is an object with the
//! fields that it has (absent is unchanged, null is null). As bytes it is a mask of those fields,
//! the first field the lowest bit, and their values in order. A row's key stands before all that.

/// Declares the patch of a struct and how it is found, laid over, merged, written and read. `by`
/// names the key of a row. Every field of the struct has to be named, else it does not compile.
macro_rules! patch {
    ($(#[$doc:meta])* $patch:ident of $whole:ident $(by $key:ident: $key_type:ty)? {
        $($field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $patch {
            $(pub $key: $key_type,)?
            $(pub $field: Option<<$type as Diff>::Patch>,)*
        }

        impl $patch {
            const FIELDS: usize = [$(stringify!($field)),*].len();
            /// Every field.
            pub(in crate::wire::delta) const ALL: u32 = (1 << Self::FIELDS) - 1;

            /// The fields that it has.
            pub(in crate::wire::delta) fn mask(&self) -> u32 {
                let present = [$(self.$field.is_some()),*];
                let present = present.into_iter().rev();
                present.fold(0, |mask, is_there| mask << 1 | u32::from(is_there))
            }

            /// The change that changes nothing.
            pub fn nothing($($key: $key_type)?) -> Self {
                Self { $($key,)? $($field: None,)* }
            }
        }

        impl Diff for $whole {
            type Patch = $patch;

            fn between(old: &Self, new: &Self) -> Result<Option<$patch>, Misfit> {
                let patch = $patch {
                    $($key: new.$key.clone(),)?
                    $($field: <$type as Diff>::between(&old.$field, &new.$field)?,)*
                };
                Ok((patch.mask() != 0).then_some(patch))
            }

            fn whole(&self) -> $patch {
                let Self { $($key,)? $($field,)* } = self;
                $patch {
                    $($key: $key.clone(),)?
                    $($field: Some(<$type as Diff>::whole($field)),)*
                }
            }

            fn apply(&mut self, patch: $patch) -> Result<(), Misfit> {
                $(if let Some(change) = patch.$field {
                    <$type as Diff>::apply(&mut self.$field, change)?;
                })*
                Ok(())
            }

            fn build(patch: $patch) -> Result<Self, Misfit> {
                Ok(Self {
                    $($key: patch.$key,)?
                    $($field: {
                        let whole = patch.$field.ok_or(Misfit::Unknown(stringify!($field)))?;
                        <$type as Diff>::build(whole)?
                    },)*
                })
            }

            fn merge(older: &mut $patch, newer: $patch) {
                $(match (&mut older.$field, newer.$field) {
                    (Some(older), Some(newer)) => <$type as Diff>::merge(older, newer),
                    (older, Some(newer)) => *older = Some(newer),
                    (_, None) => {}
                })*
            }
        }

        $(impl Row for $whole {
            type Key = $key_type;

            fn key(&self) -> &$key_type {
                &self.$key
            }

            fn key_of(patch: &$patch) -> &$key_type {
                &patch.$key
            }

            fn is_whole(patch: &$patch) -> bool {
                patch.mask() == $patch::ALL
            }
        })?

        impl Serialize for $patch {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    let mut map = serializer.serialize_map(None)?;
                    $(map.serialize_entry(stringify!($key), &self.$key)?;)?
                    $(if let Some(change) = &self.$field {
                        map.serialize_entry(stringify!($field), change)?;
                    })*
                    return map.end();
                }
                let mask = self.mask();
                // A tuple has no length of its own in postcard.
                let mut tuple = serializer.serialize_tuple(Self::FIELDS + 2)?;
                $(tuple.serialize_element(&self.$key)?;)?
                tuple.serialize_element(&mask)?;
                $(if let Some(change) = &self.$field {
                    tuple.serialize_element(change)?;
                })*
                tuple.end()
            }
        }

        impl<'de> Deserialize<'de> for $patch {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;

                impl<'de> Visitor<'de> for Reader {
                    type Value = $patch;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a change of a ", stringify!($whole)))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$patch, A::Error> {
                        $(let mut $key = None;)?
                        $(let mut $field = None;)*
                        while let Some(name) = map.next_key::<String>()? {
                            match name.as_str() {
                                $(stringify!($key) => $key = Some(map.next_value()?),)?
                                $(stringify!($field) => $field = Some(map.next_value()?),)*
                                // Of a newer server.
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok($patch {
                            $($key: $key.ok_or_else(|| A::Error::missing_field(stringify!($key)))?,)?
                            $($field,)*
                        })
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<$patch, A::Error> {
                        $(let $key = next(&mut seq)?;)?
                        let mut mask: u32 = next(&mut seq)?;
                        if mask & !$patch::ALL != 0 {
                            return Err(A::Error::custom("a change of a field that is not known"));
                        }
                        $(let $field = take(&mut mask, &mut seq)?;)*
                        Ok($patch { $($key,)? $($field,)* })
                    }
                }

                if deserializer.is_human_readable() {
                    deserializer.deserialize_map(Reader)
                } else {
                    deserializer.deserialize_tuple($patch::FIELDS + 2, Reader)
                }
            }
        }
    };
}
pub(in crate::wire::delta) use patch;

use serde::Deserialize;
use serde::de::{Error as _, SeqAccess};

/// The next value of a patch in bytes.
pub(in crate::wire::delta) fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
    seq: &mut A,
) -> Result<T, A::Error> {
    let value = seq.next_element()?;
    value.ok_or_else(|| A::Error::custom("a change that ends early"))
}

/// The next value, if the mask's lowest bit says that it is there.
pub(in crate::wire::delta) fn take<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
    mask: &mut u32,
    seq: &mut A,
) -> Result<Option<T>, A::Error> {
    let is_there = *mask & 1 == 1;
    *mask >>= 1;
    is_there.then(|| next(seq)).transpose()
}
