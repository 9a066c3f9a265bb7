//! [`FuncType`]: the type of a function, which the engine's registry knows by a number.

use super::object::{Finality, define};
use crate::{Engine, Error, ValType, engine::HeldType};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use windlass_decode::limits::{PARAMS, RESULTS};
use windlass_decode::{self as decode, Features};
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
    held: HeldType,
    /// Parameters, then results: for as long as this type is held.
    types: Box<[ValType]>,
    params: usize,
}

impl FuncType {
    /// The function type with these parameters and results.
    ///
    /// # Panics
    /// If there are more than 1000 parameters or results, if one is of a type of another engine, or
    /// if the engine has no room for more types.
    pub fn new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        let ty =
            FuncType::with_finality_and_supertype(engine, Finality::Final, None, params, results);
        match ty {
            Ok(ty) => ty,
            Err(error) => panic!("{error}"),
        }
    }

    /// The function type with these parameters and results. One that is not final can have
    /// subtypes; a supertype must not be final, have the parameters as subtypes and the results as
    /// supertypes.
    ///
    /// # Errors
    /// If there are more than 1000 parameters or results, if one is of a type of another engine, if
    /// the supertype does not fit, or if the engine has no room for more types; if there is a
    /// supertype in a build without the feature `gc`.
    #[inline(never)]
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&FuncType>,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Result<FuncType, Error> {
        if supertype.is_some() && !Features::BUILT.contains(Features::GC) {
            return Err(Error::msg(
                "a function type with a supertype needs the cargo feature `gc`",
            ));
        }
        // One more than allowed is enough to know.
        let mut types: Vec<ValType> = params.into_iter().take(PARAMS as usize + 1).collect();
        let params = types.len();
        types.extend(results.into_iter().take(RESULTS as usize + 1));
        if params > PARAMS as usize || types.len() - params > RESULTS as usize {
            return Err(Error::msg("a function type has too many parameters or results"));
        }
        if !types.iter().all(|ty| ty.is_of(engine)) {
            return Err(Error::msg("a type belongs to another engine"));
        }
        let decoded = |types: &[ValType]| types.iter().map(|ty| ty.to_decoded()).collect();
        let (own_params, own_results) = types.split_at(params);
        let ty = decode::FuncType { params: decoded(own_params), results: decoded(own_results) };
        let sup = supertype.map(|ty| (ty.engine(), ty.id()));
        let held = define(engine, finality, sup, decode::CompositeType::Func(ty))?;
        Ok(FuncType(Arc::new(FuncTypeInner { held, types: types.into(), params })))
    }

    /// Whether it can have subtypes.
    pub fn finality(&self) -> Finality {
        match self.engine().types(|types| types.get(self.id()).is_final) {
            true => Finality::Final,
            false => Finality::NonFinal,
        }
    }

    /// The declared supertype, if there is one.
    pub fn supertype(&self) -> Option<FuncType> {
        let id = self.engine().types(|types| types.supertype(self.id()))?;
        Some(FuncType::from_id(self.engine(), id))
    }

    /// Whether it is `other` or a subtype of it.
    pub fn matches(&self, other: &FuncType) -> bool {
        Engine::same(self.engine(), other.engine())
            && self.engine().types(|types| types.is_subtype(self.id(), other.id()))
    }

    /// The function type that the engine knows by this number.
    pub(crate) fn from_id(engine: &Engine, id: TypeId) -> FuncType {
        let held = HeldType::new(engine, id);
        let ty = engine.func_type(id);
        let types =
            ty.params.iter().chain(&ty.results).map(|&ty| ValType::from_decoded(engine, ty));
        let (types, params) = (types.collect(), ty.params.len());
        FuncType(Arc::new(FuncTypeInner { held, types, params }))
    }

    pub(crate) fn id(&self) -> TypeId {
        self.0.held.id()
    }

    /// The engine that it belongs to.
    pub fn engine(&self) -> &Engine {
        self.0.held.engine()
    }

    /// The types of the parameters.
    pub fn params(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.param_types().iter().map(|ty| ty.given(self.engine()))
    }

    /// The types of the results.
    pub fn results(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.result_types().iter().map(|ty| ty.given(self.engine()))
    }

    /// The type of the parameter at `index`, if there is one.
    ///
    /// ```
    /// use windlass::{Engine, FuncType, ValType};
    /// let ty = FuncType::new(&Engine::default(), [ValType::I32], [ValType::I64]);
    /// assert_eq!((ty.param(0), ty.param(1)), (Some(ValType::I32), None));
    /// assert_eq!((ty.result(0), ty.result(1)), (Some(ValType::I64), None));
    /// ```
    pub fn param(&self, index: usize) -> Option<ValType> {
        self.params().nth(index)
    }

    /// The type of the result at `index`, if there is one.
    pub fn result(&self, index: usize) -> Option<ValType> {
        self.results().nth(index)
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
        self.id() == other.id() && Engine::same(self.engine(), other.engine())
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
