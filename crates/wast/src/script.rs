//! [`Script`]: the state of a running script, and what each directive does to it. A directive's
//! error is the reason for people to read.

use crate::{
    message::{agrees, is_unknown},
    source, spectest, values,
};
use std::{collections::HashMap, rc::Rc};
use wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, WastRet, token::Id};
use windlass::{
    Engine, Error, Extern, ExternType, Features, Instance, LinkError, Linker, Module, SharedMemory,
    Store, ThrownException, Val,
};
use windlass_decode::{BranchHint, NameSection};

/// An instance, or why there is none: what follows in the script then fails for that reason.
type Outcome = Result<Instance, Rc<str>>;

/// How many names are told of what there is, where a name is not.
const MOST_NAMES: usize = 10;

/// The state of a running script.
pub(crate) struct Script {
    store: Store<()>,
    linker: Linker<()>,
    /// Defined modules by name, or why there is none; the last one also under no name.
    definitions: HashMap<Option<String>, Result<Module, Rc<str>>>,
    /// Instances by name; the last one also under no name.
    instances: HashMap<Option<String>, Outcome>,
    /// Instances that can be imported, by the name they are imported by.
    registered: HashMap<String, Instance>,
    /// Names of modules that should be importable but whose instance could not be made, and why.
    missing: HashMap<String, Rc<str>>,
    /// What the script that started this thread lets it see of an instance, with the instance's
    /// name. An own instance of that name takes its place.
    shared: Option<Shared>,
}

/// An instance's name, and its shared memories by their names.
type Shared = (String, Vec<(String, SharedMemory)>);

/// What a thread of a script starts with.
pub(crate) struct ThreadStart {
    engine: Engine,
    fuel: Option<u64>,
    shared: Option<Shared>,
}

impl ThreadStart {
    /// The script of the thread.
    pub(crate) fn script(self) -> Result<Script, Error> {
        let script = Script::new(&self.engine, self.fuel)?;
        Ok(Script { shared: self.shared, ..script })
    }
}

/// Why something that was to run did not return.
enum Stop {
    /// It could not even be tried.
    NotRun(String),
    /// It ended by this error.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Error(error)
    }
}

impl Stop {
    fn reason(self) -> String {
        match self {
            Stop::NotRun(reason) => reason,
            Stop::Error(error) => match error.trap() {
                Some(trap) => trap.message().to_string(),
                None => error.root_cause().to_string(),
            },
        }
    }
}

impl Script {
    /// A script that has not done anything; it can import `spectest`.
    pub(crate) fn new(engine: &Engine, fuel: Option<u64>) -> Result<Script, Error> {
        let mut store = Store::new(engine, ());
        if let Some(fuel) = fuel {
            store.set_fuel(fuel)?;
        }
        let mut linker = Linker::new(engine);
        linker.allow_shadowing(true);
        spectest::define(&mut linker, &mut store)?;
        Ok(Script {
            store,
            linker,
            definitions: HashMap::new(),
            instances: HashMap::new(),
            registered: HashMap::new(),
            missing: HashMap::new(),
            shared: None,
        })
    }

    /// What a thread of this script starts with: it sees of an instance what can be shared.
    pub(crate) fn of_thread(&mut self, module: Option<Id<'_>>) -> Result<ThreadStart, String> {
        let shared = match module {
            None => None,
            // What it was given itself, it can hand on.
            given if self.given(given).is_some() => self.shared.clone(),
            Some(id) => {
                let instance = self.instance(Some(id))?;
                let exports = instance.exports(&self.store).filter_map(|export| {
                    let name = export.name().to_owned();
                    Some((name, export.into_shared_memory()?))
                });
                Some((owned(id), exports.collect()))
            }
        };
        let fuel = self.store.get_fuel().ok();
        Ok(ThreadStart { engine: self.store.engine().clone(), fuel, shared })
    }

    /// Runs a directive, but for those of threads.
    pub(crate) fn run(&mut self, directive: WastDirective<'_>) -> Result<(), String> {
        match directive {
            WastDirective::Module(module) => self.module(module),
            WastDirective::ModuleDefinition(module) => self.define(module).map(drop),
            WastDirective::ModuleInstance { instance, module, .. } => {
                self.instance_of(instance, module)
            }
            WastDirective::Register { name, module, .. } => self.register(name, module),
            WastDirective::Invoke(call) => {
                self.invoke(&call).map(drop).map_err(|stop| stop.reason())
            }
            WastDirective::AssertReturn { exec, results, .. } => self.assert_return(exec, &results),
            WastDirective::AssertTrap { exec, message, .. } => self.assert_trap(exec, message),
            WastDirective::AssertExhaustion { call, message, .. } => {
                self.assert_trap(WastExecute::Invoke(call), message)
            }
            WastDirective::AssertException { exec, .. } => self.assert_exception(exec),
            WastDirective::AssertInvalid { module, message, .. } => {
                refused(self.refusal(module), message)
            }
            WastDirective::AssertMalformed { module, message, .. } => {
                self.assert_malformed(module, message)
            }
            WastDirective::AssertUnlinkable { module, message, .. } => {
                self.assert_unlinkable(QuoteWat::Wat(module), message)
            }
            WastDirective::AssertInvalidCustom { module, message, .. }
            | WastDirective::AssertMalformedCustom { module, message, .. } => {
                self.assert_custom(module, message)
            }
            WastDirective::AssertSuspension { .. } => {
                Err("stack switching is not supported".into())
            }
            WastDirective::Thread(_) | WastDirective::Wait { .. } => {
                Err("threads are the runner's".into())
            }
        }
    }

    fn module(&mut self, module: QuoteWat<'_>) -> Result<(), String> {
        let name = module.name().map(owned);
        let outcome = match self.define(module) {
            Ok(module) => self.instantiate(&module).map_err(Stop::reason),
            Err(reason) => Err(reason),
        };
        self.set_instance(name, outcome)
    }

    /// Compiles a module, and makes it, or the lack of it, the last one and known by its name.
    fn define(&mut self, module: QuoteWat<'_>) -> Result<Module, String> {
        let name = module.name().map(owned);
        let outcome = self.compile(module);
        let known = outcome.clone().map_err(Rc::from);
        if name.is_some() {
            self.definitions.insert(name, known.clone());
        }
        self.definitions.insert(None, known);
        outcome
    }

    fn instance_of(&mut self, name: Option<Id<'_>>, module: Option<Id<'_>>) -> Result<(), String> {
        let outcome = match self.definitions.get(&module.map(owned)).cloned() {
            Some(Ok(module)) => self.instantiate(&module).map_err(Stop::reason),
            Some(Err(reason)) => Err(format!("there is no module: {reason}")),
            None => Err("there is no such module".into()),
        };
        self.set_instance(name.map(owned), outcome)
    }

    /// Makes an instance, or the lack of one, the current one and known by its name.
    fn set_instance(
        &mut self,
        name: Option<String>,
        outcome: Result<Instance, String>,
    ) -> Result<(), String> {
        if name.is_some() && name.as_ref() == self.shared.as_ref().map(|(name, _)| name) {
            self.shared = None;
        }
        let known: Outcome = match &outcome {
            Ok(instance) => Ok(*instance),
            Err(reason) => Err(reason.as_str().into()),
        };
        if name.is_some() {
            self.instances.insert(name, known.clone());
        }
        self.instances.insert(None, known);
        outcome.map(drop)
    }

    /// The instance with this name, or else the one that is registered under it.
    fn instance(&self, name: Option<Id<'_>>) -> Result<Instance, String> {
        match self.instances.get(&name.map(owned)) {
            Some(Ok(instance)) => Ok(*instance),
            Some(Err(reason)) => Err(format!("there is no instance: {reason}")),
            None => {
                let Some(name) = name else { return Err("no module comes before it".into()) };
                let registered = self.registered.get(name.name()).copied();
                registered.ok_or_else(|| format!("there is no such instance: {}", name.name()))
            }
        }
    }

    /// The memories that this thread was given under this name.
    fn given(&self, name: Option<Id<'_>>) -> Option<&[(String, SharedMemory)]> {
        let (shared, memories) = self.shared.as_ref()?;
        (name?.name() == shared).then_some(memories)
    }

    fn register(&mut self, name: &str, module: Option<Id<'_>>) -> Result<(), String> {
        if let Some(memories) = self.given(module).map(<[_]>::to_vec) {
            for (export, memory) in memories {
                let defined = self.linker.define(&self.store, name, &export, memory);
                defined.map_err(|error| error.to_string())?;
            }
            return Ok(());
        }
        match self.instance(module) {
            Ok(instance) => {
                self.missing.remove(name);
                self.registered.insert(name.to_owned(), instance);
                let defined = self.linker.instance(&mut self.store, name, instance);
                defined.map(drop).map_err(|error| error.to_string())
            }
            Err(reason) => {
                self.registered.remove(name);
                self.missing.insert(name.to_owned(), reason.as_str().into());
                Err(reason)
            }
        }
    }

    fn compile(&self, module: QuoteWat<'_>) -> Result<Module, String> {
        let bytes = source::encode(module)?;
        Module::from_binary(self.store.engine(), &bytes).map_err(|error| error.to_string())
    }

    fn instantiate(&mut self, module: &Module) -> Result<Instance, Stop> {
        self.linker.instantiate(&mut self.store, module).map_err(|error| {
            let missing =
                error.downcast_ref::<LinkError>().and_then(|e| self.missing.get(e.module()));
            match missing {
                Some(reason) => Stop::NotRun(format!("{error}: {reason}")),
                None => Stop::Error(error),
            }
        })
    }

    fn invoke(&mut self, call: &WastInvoke<'_>) -> Result<Vec<Val>, Stop> {
        let instance = self.instance(call.module).map_err(Stop::NotRun)?;
        let func = instance
            .get_func(&mut self.store, call.name)
            .ok_or_else(|| self.not_exported(&instance, "function", call.name))?;
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            args.push(values::argument(&mut self.store, arg).map_err(Stop::NotRun)?);
        }
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        func.call(&mut self.store, &args, &mut results)?;
        Ok(results)
    }

    /// Nothing of this kind has this name; those that there are, if they are few.
    fn not_exported(&self, instance: &Instance, kind: &str, name: &str) -> Stop {
        let of_kind = |ty: &ExternType| match ty {
            ExternType::Func(_) => kind == "function",
            ExternType::Global(_) => kind == "global",
            _ => false,
        };
        let exports = instance.module(&self.store).exports();
        let exports = exports.filter(|export| of_kind(&export.ty()));
        let names: Vec<String> =
            exports.take(MOST_NAMES + 1).map(|export| format!("{:?}", export.name())).collect();
        let there = match names.get(..MOST_NAMES) {
            Some(first) if names.len() > MOST_NAMES => format!(" (but {}, ...)", first.join(", ")),
            _ if names.is_empty() => String::new(),
            _ => format!(" (but {})", names.join(", ")),
        };
        Stop::NotRun(format!("no {kind} {name:?} is exported{there}"))
    }

    fn execute(&mut self, exec: WastExecute<'_>) -> Result<Vec<Val>, Stop> {
        match exec {
            WastExecute::Invoke(call) => self.invoke(&call),
            WastExecute::Wat(module) => {
                let module = self.compile(QuoteWat::Wat(module)).map_err(Stop::NotRun)?;
                self.instantiate(&module).map(|_| Vec::new())
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module).map_err(Stop::NotRun)?;
                match instance.get_export(&mut self.store, global) {
                    Some(Extern::Global(global)) => Ok(vec![global.get(&mut self.store)]),
                    _ => Err(self.not_exported(&instance, "global", global)),
                }
            }
        }
    }

    fn assert_return(
        &mut self,
        exec: WastExecute<'_>,
        expected: &[WastRet<'_>],
    ) -> Result<(), String> {
        let actual = self.execute(exec).map_err(Stop::reason)?;
        let agree = actual.len() == expected.len()
            && actual.iter().zip(expected).all(|(a, e)| values::matches(&mut self.store, a, e));
        if agree {
            return Ok(());
        }
        let actual = values::show_all(&self.store, &actual);
        Err(format!("returned {actual}, expected {}", values::show_patterns(expected)))
    }

    fn assert_trap(&mut self, exec: WastExecute<'_>, message: &str) -> Result<(), String> {
        match self.execute(exec) {
            Ok(results) => {
                let results = values::show_all(&self.store, &results);
                Err(format!("returned {results}, expected the trap {message:?}"))
            }
            Err(Stop::Error(error)) => match error.trap() {
                Some(trap) if agrees(trap.message(), message) => Ok(()),
                _ => Err(format!(
                    "ended by {:?}, expected the trap {message:?}",
                    error.root_cause().to_string()
                )),
            },
            Err(stop) => Err(stop.reason()),
        }
    }

    fn assert_exception(&mut self, exec: WastExecute<'_>) -> Result<(), String> {
        match self.execute(exec) {
            Ok(results) => {
                let results = values::show_all(&self.store, &results);
                Err(format!("returned {results}, expected an exception"))
            }
            Err(Stop::Error(error)) if error.is::<ThrownException>() => {
                self.store.take_pending_exception();
                Ok(())
            }
            Err(Stop::Error(error)) => {
                let actual = error.root_cause().to_string();
                Err(format!("ended by {actual:?}, expected an exception"))
            }
            Err(stop) => Err(stop.reason()),
        }
    }

    /// The module is malformed. Of quoted text, the suite's words are those of a text parser: what
    /// ours lets through, the engine may refuse in words of the binary format.
    fn assert_malformed(&self, module: QuoteWat<'_>, message: &str) -> Result<(), String> {
        let is_text = matches!(module, QuoteWat::QuoteModule(..));
        match self.refusal(module) {
            Some(Refusal::Engine(_)) if is_text => Ok(()),
            Some(Refusal::Engine(error)) if is_unknown(&error.to_string(), message) => Ok(()),
            refusal => refused(refusal, message),
        }
    }

    /// The module is fine but for an annotation: the text parser refuses it, or the custom section
    /// that is made of it breaks rules of its own. The suite's words then begin with the
    /// annotation's name.
    fn assert_custom(&self, module: QuoteWat<'_>, message: &str) -> Result<(), String> {
        let Ok(bytes) = source::encode(module) else { return Ok(()) };
        Module::validate(self.store.engine(), &bytes).map_err(|error| error.to_string())?;
        let expected = message.split_once("annotation: ").map_or(message, |(_, words)| words);
        match custom_sections(&bytes) {
            Ok(()) => Err(format!("accepted, expected {message:?}")),
            Err(error) if agrees(&error.to_string(), expected) => Ok(()),
            Err(error) => Err(format!("ended by {:?}, expected {message:?}", error.to_string())),
        }
    }

    /// Why the module can't be used, if it can't.
    fn refusal(&self, module: QuoteWat<'_>) -> Option<Refusal> {
        match source::encode(module) {
            Ok(bytes) => Module::validate(self.store.engine(), &bytes).err().map(Refusal::Engine),
            Err(_) => Some(Refusal::Text),
        }
    }

    fn assert_unlinkable(&mut self, module: QuoteWat<'_>, message: &str) -> Result<(), String> {
        let module = self.compile(module)?;
        match self.instantiate(&module) {
            Ok(_) => Err(format!("linked, expected {message:?}")),
            Err(Stop::Error(error)) if error.is::<LinkError>() => said(&error, message),
            Err(stop) => Err(stop.reason()),
        }
    }
}

/// Checks the custom sections of a valid module that have a meaning.
fn custom_sections(bytes: &[u8]) -> Result<(), windlass_decode::Error> {
    let module = windlass_decode::Module::decode(bytes, Features::ALL)?;
    NameSection::check(&module, bytes)?;
    BranchHint::check(&module, bytes, Features::ALL).map(drop)
}

/// Who refused a module.
enum Refusal {
    /// The text parser. Its words are not the suite's.
    Text,
    /// The engine. Its words must agree with the suite's.
    Engine(Error),
}

fn refused(refusal: Option<Refusal>, message: &str) -> Result<(), String> {
    match refusal {
        None => Err(format!("accepted, expected {message:?}")),
        Some(Refusal::Text) => Ok(()),
        Some(Refusal::Engine(error)) => said(&error, message),
    }
}

/// Whether the error has the expected words.
fn said(error: &Error, message: &str) -> Result<(), String> {
    let actual = error.root_cause().to_string();
    if agrees(&actual, message) {
        return Ok(());
    }
    Err(format!("ended by {actual:?}, expected {message:?}"))
}

fn owned(id: Id<'_>) -> String {
    id.name().to_owned()
}
