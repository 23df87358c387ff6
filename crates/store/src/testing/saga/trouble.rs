//! What can go wrong at one step of a flow.

/// What goes wrong in one run of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// Nothing: this run finds the steps.
    None,
    /// Something at the n-th call to another party, counted from 0.
    Call(usize, AtCall),
    /// Something at the n-th commit, counted from 0.
    Commit(usize, AtCommit),
    /// The party of the n-th call says no, and everything that undoes arrives twice.
    UndoneTwice(usize),
    /// The party of the n-th call says no, and the first answer of each undoing call is lost.
    UndoneUnheard(usize),
    /// Whoever asks the service does so twice at once, and every worker runs twice at once.
    EverythingTwice,
}

/// What can go wrong at a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtCall {
    /// The party says no.
    Refused,
    /// The connection is refused: nothing was done.
    NotSent,
    /// It never arrives, and nobody knows.
    RequestLost,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It arrives twice.
    Twice,
    /// The process dies as it is about to ask.
    DeathBefore,
    /// The process dies after it asked; the party has done it.
    DeathAfter,
    /// It is held up on its way until another process has taken over and come to the end.
    LateRequest,
    /// Its answer is held up until then.
    LateAnswer,
}

/// What can go wrong at a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtCommit {
    /// The process dies as it is about to commit.
    DeathBefore,
    /// The process dies when it has committed, before anybody is answered.
    DeathAfter,
    /// The connection to the database breaks before the commit: its outcome is unknown.
    LostBefore,
    /// The connection to the database breaks after the commit: its outcome is unknown.
    LostAfter,
}

impl AtCall {
    const ALL: [Self; 9] = [
        Self::Refused,
        Self::NotSent,
        Self::RequestLost,
        Self::AnswerLost,
        Self::Twice,
        Self::DeathBefore,
        Self::DeathAfter,
        Self::LateRequest,
        Self::LateAnswer,
    ];
}

impl AtCommit {
    const ALL: [Self; 4] = [Self::DeathBefore, Self::DeathAfter, Self::LostBefore, Self::LostAfter];
}

impl Trouble {
    /// Whether somebody says no.
    pub(super) const fn refuses(self) -> bool {
        matches!(
            self,
            Self::Call(_, AtCall::Refused) | Self::UndoneTwice(_) | Self::UndoneUnheard(_)
        )
    }

    /// Whether it is the database that fails.
    pub(super) const fn is_at_a_commit(self) -> bool {
        matches!(self, Self::Commit(..))
    }
}

/// Every trouble of a flow with so many calls and commits.
pub(super) fn all(calls: usize, commits: usize, undoes: bool) -> Vec<Trouble> {
    let mut all = vec![Trouble::EverythingTwice];
    for call in 0..calls {
        all.extend(AtCall::ALL.map(|at| Trouble::Call(call, at)));
        if undoes {
            all.extend([Trouble::UndoneTwice(call), Trouble::UndoneUnheard(call)]);
        }
    }
    for commit in 0..commits {
        all.extend(AtCommit::ALL.map(|at| Trouble::Commit(commit, at)));
    }
    all
}
