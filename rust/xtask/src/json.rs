//! Reads JSON, as far as the driver needs it.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// Reads one value and nothing after it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text.chars().peekable() };
        let value = reader.value()?;
        match reader.next_visible() {
            None => Ok(value),
            Some(extra) => Err(format!("unexpected {extra:?} after the value")),
        }
    }

    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The elements of an array; none for anything else.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }

    /// The content of a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number that counts something.
    pub fn as_count(&self) -> Option<u64> {
        match self {
            // Far below 2^53, so that the conversion is exact.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by the guard")]
            Self::Number(number) if number.fract() == 0.0 && (0.0..1e15).contains(number) => Some(*number as u64),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    fn next_visible(&mut self) -> Option<char> {
        while self.rest.next_if(char::is_ascii_whitespace).is_some() {}
        self.rest.peek().copied()
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        match self.rest.next() {
            Some(found) if found == wanted => Ok(()),
            found => Err(format!("expected {wanted:?}, found {found:?}")),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.next_visible() {
            Some('{') => self.object(),
            Some('[') => self.list(),
            Some('"') => self.text().map(Value::Text),
            Some(_) => self.word(),
            None => Err("the text ends early".to_owned()),
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut members = BTreeMap::new();
        self.expect('{')?;
        if self.next_visible() != Some('}') {
            loop {
                self.next_visible();
                let name = self.text()?;
                self.next_visible();
                self.expect(':')?;
                members.insert(name, self.value()?);
                if self.next_visible() != Some(',') {
                    break;
                }
                self.expect(',')?;
            }
        }
        self.expect('}').map(|()| Value::Object(members))
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut elements = Vec::new();
        self.expect('[')?;
        if self.next_visible() != Some(']') {
            loop {
                elements.push(self.value()?);
                if self.next_visible() != Some(',') {
                    break;
                }
                self.expect(',')?;
            }
        }
        self.expect(']').map(|()| Value::List(elements))
    }

    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        self.expect('"')?;
        loop {
            match self.rest.next().ok_or("a string does not end")? {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped()?),
                plain => text.push(plain),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        Ok(match self.rest.next().ok_or("a string does not end")? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let first = self.unit()?;
                let units = if (0xD800..0xDC00).contains(&first) {
                    self.expect('\\')?;
                    self.expect('u')?;
                    vec![first, self.unit()?]
                } else {
                    vec![first]
                };
                String::from_utf16(&units).ok().and_then(|text| text.chars().next()).ok_or("half a character")?
            }
            other => other,
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u16, String> {
        let digits: String = self.rest.by_ref().take(4).collect();
        u16::from_str_radix(&digits, 16).map_err(|_| format!("{digits:?} is not a character's number"))
    }

    fn word(&mut self) -> Result<Value, String> {
        let mut word = String::new();
        while let Some(c) = self.rest.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
            word.push(c);
        }
        match word.as_str() {
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            number => number.parse().map(Value::Number).map_err(|_| format!("{number:?} is not a value")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read() {
        let value = Value::parse(r#" {"a": [1, -2.5e1, true, null], "b": {"c": "d\n\u00e9\ud83d\ude00\""}, "e": []} "#)
            .unwrap();
        let list = value.get("a").unwrap().elements();
        assert_eq!(list, [Value::Number(1.0), Value::Number(-25.0), Value::Bool(true), Value::Null]);
        assert_eq!(value.get("b").unwrap().get("c").unwrap().as_text(), Some("d\né😀\""));
        assert_eq!(list[0].as_count(), Some(1));
        assert_eq!(list[1].as_count(), None);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\"}", "\"a", "nul", "1 2", "{\"a\":1,}", "\"\\ud83d\""] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
    }
}
