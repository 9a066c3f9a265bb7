//! Modules as scripts have them: text, quoted text, binary. [`encode`] makes bytes of them.

use wast::{
    QuoteWat, QuoteWatTest, Wat,
    lexer::Lexer,
    parser::{self, ParseBuffer},
};

/// The module as bytes. An error is what the text parser says: the text is malformed.
pub(crate) fn encode(mut module: QuoteWat<'_>) -> Result<Vec<u8>, String> {
    match module.to_test().map_err(|error| error.message())? {
        QuoteWatTest::Binary(bytes) => Ok(bytes),
        QuoteWatTest::Text(text) => encode_text(&text),
    }
}

fn encode_text(text: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "malformed UTF-8 encoding")?;
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(|error| error.message())?;
    let mut wat = parser::parse::<Wat<'_>>(&buffer).map_err(|error| error.message())?;
    wat.encode().map_err(|error| error.message())
}
