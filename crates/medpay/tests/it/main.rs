//! Tests of the whole: real processes, real HTTP, both engines.

mod browser;
mod business_refusals;
mod chaos;
mod cli;
mod config;
mod demo;
mod field_rules;
mod gateway_reminders;
mod journey;
mod listeners;
mod pages;
mod patient;
mod privacy;
mod python;
mod refusals;
mod replay;
mod town;
