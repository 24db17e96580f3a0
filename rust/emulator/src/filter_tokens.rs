//! The words of a `$filter`.

/// One word, sign or text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// A text in single quotes, its doubled quotes made single.
    Text(String),
    Open,
    Close,
    Comma,
}

/// Takes a filter apart, each token with its position; the error is a position.
pub(crate) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, usize> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let position = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(found);
        };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '\'' => quoted(rest).ok_or(position)?,
            _ => {
                let length = rest.find(|c: char| c.is_whitespace() || "(),'".contains(c)).unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
        };
        found.push((position, token));
        rest = &rest[length..];
    }
}

fn quoted(rest: &str) -> Option<(Token, usize)> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((position, letter)) = letters.next() {
        if letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_none() {
            return Some((Token::Text(text), position + 1));
        }
        text.push(letter);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    #[test]
    fn quotes_are_doubled_inside_a_text() {
        let text = |text: &str| Token::Text(text.to_owned());
        assert_eq!(tokens("'o''hara'"), Ok(vec![(0, text("o'hara"))]));
        assert_eq!(tokens("''"), Ok(vec![(0, text(""))]));
        assert_eq!(tokens("''''"), Ok(vec![(0, text("'"))]));
        assert_eq!(tokens(" 'zoë',"), Ok(vec![(1, text("zoë")), (7, Token::Comma)]));
        assert_eq!(tokens("a 'b"), Err(2));
    }
}
