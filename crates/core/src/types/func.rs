//! [`FuncType`]: the type of a function, which the engine's registry knows by a number.

use crate::{Engine, ValType};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use windlass_decode as decode;
use windlass_decode::limits::{PARAMS, RESULTS};
use windlass_validate::TypeId;

/// The type of a function.
///
/// ```
/// use windlass::{Engine, FuncType, ValType};
/// let engine = Engine::default();
/// let ty = FuncType::new(&engine, [ValType::I32, ValType::F64], [ValType::I64]);
/// assert_eq!((ty.params().len(), ty.results().next()), (2, Some(ValType::I64)));
/// assert_eq!(ty.to_string(), "(i32, f64) -> (i64)");
/// ```
#[derive(Clone)]
pub struct FuncType(Arc<FuncTypeInner>);

struct FuncTypeInner {
    engine: Engine,
    id: TypeId,
    /// Parameters, then results.
    types: Box<[ValType]>,
    params: usize,
}

impl FuncType {
    /// The function type with these parameters and results.
    ///
    /// # Panics
    /// If there are more than 1000 parameters or results, or if one is of a type of another engine.
    pub fn new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        let mut types: Vec<ValType> = params.into_iter().collect();
        let params = types.len();
        types.extend(results);
        let limits = params <= PARAMS as usize && types.len() - params <= RESULTS as usize;
        assert!(limits, "a function type has too many parameters or results");
        assert!(types.iter().all(|ty| ty.is_of(engine)), "a type belongs to another engine");
        let decoded = |types: &[ValType]| types.iter().map(|ty| ty.to_decoded()).collect();
        let id = engine.register_func(decode::FuncType {
            params: decoded(&types[..params]),
            results: decoded(&types[params..]),
        });
        FuncType(Arc::new(FuncTypeInner {
            engine: engine.clone(),
            id,
            types: types.into(),
            params,
        }))
    }

    /// The function type that the engine knows by this number.
    pub(crate) fn from_id(engine: &Engine, id: TypeId) -> FuncType {
        let ty = engine.func_type(id);
        let types =
            ty.params.iter().chain(&ty.results).map(|&ty| ValType::from_decoded(engine, ty));
        let (types, params) = (types.collect(), ty.params.len());
        FuncType(Arc::new(FuncTypeInner { engine: engine.clone(), id, types, params }))
    }

    pub(crate) fn id(&self) -> TypeId {
        self.0.id
    }

    /// The engine that it belongs to.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The types of the parameters.
    pub fn params(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.param_types().iter().copied()
    }

    /// The types of the results.
    pub fn results(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.result_types().iter().copied()
    }

    pub(crate) fn param_types(&self) -> &[ValType] {
        &self.0.types[..self.0.params]
    }

    pub(crate) fn result_types(&self) -> &[ValType] {
        &self.0.types[self.0.params..]
    }
}

impl PartialEq for FuncType {
    fn eq(&self, other: &FuncType) -> bool {
        self.0.params == other.0.params && self.0.types == other.0.types
    }
}

impl Eq for FuncType {}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Signature(self.param_types(), self.result_types()).fmt(f)
    }
}

impl fmt::Debug for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows parameters and results.
pub(crate) struct Signature<'a>(pub(crate) &'a [ValType], pub(crate) &'a [ValType]);

impl fmt::Display for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_types(f, self.0)?;
        f.write_str(" -> ")?;
        write_types(f, self.1)
    }
}

pub(super) fn write_types(f: &mut fmt::Formatter<'_>, types: &[ValType]) -> fmt::Result {
    f.write_str("(")?;
    for (i, ty) in types.iter().enumerate() {
        write!(f, "{}{ty}", if i == 0 { "" } else { ", " })?;
    }
    f.write_str(")")
}
