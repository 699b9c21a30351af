//! Answers vectors: JSON Lines in, JSON Lines out.

use std::io::{self, BufRead, Write};

use relay::json::{object, Json};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let question = Json::parse(&line?).ok_or(io::ErrorKind::InvalidData)?;
        let (member, value) = relay::port::answer(&question);
        writeln!(out, "{}", object([("id", question.get("id").clone()), (member, value)]))?;
        out.flush()?;
    }
    Ok(())
}
