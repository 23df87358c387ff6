//! A command with a key: done once, answered the same ever after, and met by a fault that is
//! decided before it acts.

use crate::books::{self, BookError};
use crate::faults::{Delivery, Fault};
use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How the answer of a command that is done travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Plain,
    Late,
    Lost,
}

/// What a command will meet.
pub(crate) enum Plan {
    /// It is done.
    Do(Way),
    /// An armed refusal.
    Refuse,
    /// Nothing is done and no answer comes.
    NotDone,
    /// No calls are taken.
    Down,
}

impl Way {
    pub(crate) fn deliver<A>(self, answer: A) -> Delivery<A> {
        match self {
            Self::Plain => Delivery::Answer(answer),
            Self::Late => Delivery::Late(answer),
            Self::Lost => Delivery::Lost,
        }
    }
}

impl Plan {
    /// What an armed fault makes of a command; `None` if nothing is armed.
    pub(crate) fn armed(fault: Option<Fault>) -> Option<Self> {
        match fault? {
            Fault::Refuse => Some(Self::Refuse),
            Fault::NotDone => Some(Self::NotDone),
            Fault::DoneAnswerLost => Some(Self::Do(Way::Lost)),
            Fault::AnswerLate => Some(Self::Do(Way::Late)),
            Fault::Down => Some(Self::Down),
            Fault::Drop
            | Fault::Delay
            | Fault::Repeat
            | Fault::Reorder
            | Fault::BadSign
            | Fault::OtherAmount => None,
        }
    }
}

/// A keyed command's parts.
pub(crate) struct Command<'a, A> {
    /// The call's name in the contract.
    pub(crate) call: &'static str,
    /// The idempotency key.
    pub(crate) key: &'a str,
    /// The answer to a key that belongs to another call; not kept.
    pub(crate) reused: A,
    /// The answer where a refusal was armed; kept.
    pub(crate) refused: A,
}

/// Answers a keyed command: a key seen before with its first answer, a new one as `plan` has it,
/// unless a fault is armed. `act` does the work, refusals included, and its answer is kept.
pub(crate) fn answer_once<A: Serialize + DeserializeOwned>(
    book: &Connection,
    command: Command<'_, A>,
    plan: impl FnOnce() -> Result<Plan, BookError>,
    act: impl FnOnce() -> Result<A, BookError>,
) -> Result<Delivery<A>, BookError> {
    let Command { call, key, reused, refused } = command;
    let armed = Plan::armed(books::take_armed(book, call)?);
    if let Some((first_call, answer)) = books::first_answer(book, key)? {
        if first_call != call {
            return Ok(Delivery::Answer(reused));
        }
        let answer = serde_json::from_str(&answer)?;
        return Ok(match armed {
            None | Some(Plan::Refuse) => Delivery::Answer(answer),
            Some(Plan::Do(way)) => way.deliver(answer),
            Some(Plan::NotDone) => Delivery::Lost,
            Some(Plan::Down) => Delivery::Down,
        });
    }
    let planned = match armed {
        Some(armed) => armed,
        None => plan()?,
    };
    let (answer, way) = match planned {
        Plan::Do(way) => (act()?, way),
        Plan::Refuse => (refused, Way::Plain),
        Plan::NotDone => return Ok(Delivery::Lost),
        Plan::Down => return Ok(Delivery::Down),
    };
    books::save_answer(book, key, call, &answer)?;
    Ok(way.deliver(answer))
}

/// Answers a question without a key, unless a fault is armed; `refused` is the answer of an armed
/// refusal, where the question has one.
pub(crate) fn answer_question<A>(
    book: &books::Book,
    call: &'static str,
    refused: Option<A>,
    answer: impl FnOnce(&Connection) -> Result<A, BookError>,
) -> Result<Delivery<A>, BookError> {
    // Nearly always nothing is armed, and a question then costs no write.
    if !book.read(|book| books::is_armed(book, call))? {
        return Ok(Delivery::Answer(book.read(answer)?));
    }
    let armed = book.write(|book| books::take_armed(book, call))?;
    Ok(match (Plan::armed(armed), refused) {
        (Some(Plan::Refuse), Some(refused)) => Delivery::Answer(refused),
        (Some(Plan::Do(way)), _) => way.deliver(book.read(answer)?),
        (Some(Plan::NotDone), _) => Delivery::Lost,
        (Some(Plan::Down), _) => Delivery::Down,
        (None | Some(Plan::Refuse), _) => Delivery::Answer(book.read(answer)?),
    })
}
