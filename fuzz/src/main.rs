//! Joins the targets of `medpay-fuzz` to libFuzzer: `medpay-fuzz-run --target=<name> …`.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use medpay_fuzz::mutate::{Chance, mutate};
use medpay_fuzz::{Target, named};
use std::cell::RefCell;
use std::sync::OnceLock;

/// The target that the command line names. libFuzzer itself ignores flags with two dashes.
fn target() -> &'static Target {
    static TARGET: OnceLock<&Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name =
            std::env::args().find_map(|flag| flag.strip_prefix("--target=").map(String::from));
        let name = name.expect("--target=<name>");
        named(&name).unwrap_or_else(|| panic!("no target {name}"))
    })
}

thread_local! {
    /// The input before this one, to take parts from.
    static LAST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fuzz_target!(|data: &[u8]| (target().run)(data));

// Half of the mutations know what the target's inputs look like, half are libFuzzer's own.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed % 2 == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut chance = Chance::new(seed.into());
    let input = data[..size].to_vec();
    let other = LAST.with(|last| last.replace(input.clone()));
    let output = mutate(target().shape, &input, &other, max_size, &mut chance);
    data[..output.len()].copy_from_slice(&output);
    output.len()
});
