//! Scripts whose outcome does not depend on metering.

use windlass::{Config, Engine, Features, Metering};
use windlass_wast::Runner;

#[test]
fn what_traps_or_fails_does_so_before_it_is_paid() {
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        let config = Config::new().features(Features::ALL).metering(metering).clone();
        let mut runner = Runner::new(Engine::new(&config).expect("an engine"));
        if metering == Metering::Fuel {
            // Not enough for what the operations would move.
            runner.fuel(10_000);
        }
        let report = runner.run(include_str!("scripts/bulk_out_of_bounds.wast"));
        assert!(report.is_success(), "{metering:?}: {:#?}", report.failures());
    }
}
