# What this project is built, tried and tested with. Every target says what it runs.

.PHONY: demo test lint bench overload chaos cluster fuzz

# The whole town on this machine: platform and WeChat on 8600, gateway on 8700, sandbox on 8800.
demo:
	cargo run --package medpay --bin medpay -- demo $(ARGS)

# Everything, on both engines. Ends with the number of tests per engine.
test:
	.ci/install
	.ci/test

# What .ci/run checks before it tests.
lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

# Durable signed unifiedorder over HTTP, as a ratio to the group-commit limit of the same run.
bench:
	cargo bench --package medpay --bench orders

# Ten times what a platform takes on is offered to it, its capacity lowered by configuration and its
# commits slowed by 20 ms: docs/overload.md.
overload:
	cargo bench --package medpay --bench overload

# Real processes killed KILLS times on each engine while orders are paid and refunded, and stopped, cut
# off and given bad disks beside that (ten kills in `test`); a backup under load; an older release, OLD,
# beside this one. The record goes to docs/chaos: docs/chaos.md.
KILLS ?= 300
chaos:
	.ci/install
	.ci/chaos $(KILLS) $(OLD)

# Three PostgreSQL nodes under Patroni and etcd with two platforms and two gateways in front: ten
# primaries die while orders are paid, then one more in the moment in which nobody may take over,
# and one hangs (one dies in `test`). A line of JSON for each, also in target/cluster.jsonl.
PLAN ?= kill kill kill kill kill kill kill kill kill kill trap freeze
cluster:
	.ci/install
	rm -f target/cluster.jsonl
	MEDPAY_CLUSTER_PLAN="$(PLAN)" MEDPAY_CLUSTER_RECORD=$(CURDIR)/target/cluster.jsonl \
		cargo test --package medpay --test it cluster:: -- --nocapture

# Every reader of outside input under libFuzzer, MINUTES in all on one core (a fixed number of
# mutations of the same targets runs in `test`). TARGETS="xml bill" for some of them only.
MINUTES ?= 15
fuzz:
	fuzz/run $(MINUTES) $(TARGETS)
