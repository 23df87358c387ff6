//! The gateway's workers; their shell is [`medpay_store::workers`].

use crate::gateway::Branch;
use medpay_store::workers::Worker;

/// All workers of a branch.
pub const ALL: &[Worker<Branch>] = &[
    Worker {
        name: "follow payments",
        run_once: |branch, now| Box::pin(crate::payments::follow::run_once(branch, now)),
    },
    Worker {
        name: "confirm in the HIS",
        run_once: |branch, now| Box::pin(crate::payments::confirm::run_once(branch, now)),
    },
    Worker {
        name: "refund",
        run_once: |branch, now| Box::pin(crate::refunds::give_back::run_once(branch, now)),
    },
    Worker {
        name: "window",
        run_once: |branch, now| Box::pin(crate::window::worker::run_once(branch, now)),
    },
    Worker {
        name: "report registration",
        run_once: |branch, now| Box::pin(crate::registrations::report::run_once(branch, now)),
    },
    Worker {
        name: "remind",
        run_once: |branch, now| Box::pin(crate::reminders::worker::run_once(branch, now)),
    },
    Worker {
        name: "send messages",
        run_once: |branch, now| Box::pin(crate::messages::deliver::run_once(branch, now)),
    },
];
