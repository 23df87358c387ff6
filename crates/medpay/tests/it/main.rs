//! Tests of the whole: real processes, real HTTP, both engines.

mod browser;
mod business_refusals;
mod chaos;
mod cli;
mod config;
mod demo;
mod field_rules;
mod gateway_faults;
mod gateway_messages;
mod gateway_prescriptions;
mod gateway_reminders;
mod gateway_window;
mod his_check;
mod journey;
mod listeners;
mod pages;
mod patient;
mod privacy;
mod python;
mod refusals;
mod replay;
mod town;
mod walker;
