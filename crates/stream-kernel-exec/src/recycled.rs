//! Boxes whose memory is used again, so that messages need no allocation for each line.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::thread::LocalKey;

/// The most boxes of a type that a thread keeps for later, whatever their size; it frees further ones.
///
/// These are as many as the lines that a worker has under way: with fewer, they would be freed by one thread and
/// allocated by another, and wait for each other in the allocator.
pub const MAX_SPARE_BOXES: usize = 16_384;

/// The number of boxes that are prefetched together, so that the processor waits for all of them at once.
const PREFETCHED_AT_ONCE: usize = 16;

/// A box whose memory is used again for the next value of its type on the same thread.
///
/// A message in such a box takes one pointer, and a step hands it on without copying its content. An ordinary box costs
/// an allocation and its release, together 2 % of a line of fund-load.
///
/// ```
/// use stream_kernel_exec::Recycled;
///
/// struct Order {
///     items: Vec<u64>,
/// }
///
/// stream_kernel_exec::recycle!(Order, |order| order.items = Vec::new());
///
/// let mut order = Recycled::new(Order { items: vec![1] });
/// order.items.push(2);
/// assert_eq!(order.items, [1, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recycled<T: Recycle>(Option<Box<T>>);

/// A type whose boxes are recycled; made by [`recycle!`](crate::recycle).
pub trait Recycle: Sized + 'static {
    /// Releases what the value holds outside its box. The box is kept with the rest, until it is overwritten.
    #[doc(hidden)]
    fn release(&mut self);

    /// Reads from a box before it is used again.
    #[doc(hidden)]
    fn prefetch(&self);

    /// Returns the boxes that this thread keeps.
    #[doc(hidden)]
    fn spare() -> &'static LocalKey<SpareBoxes<Self>>;
}

/// Lets [`Recycled`] boxes hold a type. The function releases what a value holds outside its box.
///
/// If the next value replaces such content, writing it reads the box first. A function behind `prefetch:` then reads a
/// field of a box that will be used soon, which another thread may have used last. It must not make or drop a box.
#[macro_export]
macro_rules! recycle {
    ($type:ty, $release:expr) => {
        $crate::recycle!($type, $release, prefetch: |_| ());
    };
    ($type:ty, $release:expr, prefetch: $prefetch:expr) => {
        impl $crate::Recycle for $type {
            #[inline]
            fn prefetch(&self) {
                let read: fn(&Self) -> _ = $prefetch;
                ::core::hint::black_box(read(self));
            }

            #[inline]
            fn release(&mut self) {
                let release: fn(&mut Self) = $release;
                release(self);
            }

            #[inline]
            fn spare() -> &'static ::std::thread::LocalKey<$crate::SpareBoxes<Self>> {
                ::std::thread_local! {
                    static SPARE: $crate::SpareBoxes<$type> = const { $crate::SpareBoxes::new() };
                }
                &SPARE
            }
        }
    };
}

/// The boxes that a thread keeps.
#[doc(hidden)]
pub struct SpareBoxes<T>(RefCell<Vec<Box<T>>>);

impl<T: Recycle> SpareBoxes<T> {
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    #[inline]
    fn take(&self) -> Option<Box<T>> {
        let mut boxes = self.0.borrow_mut();
        if boxes.len().is_multiple_of(PREFETCHED_AT_ONCE) {
            boxes
                .iter()
                .rev()
                .skip(PREFETCHED_AT_ONCE)
                .take(PREFETCHED_AT_ONCE)
                .for_each(|soon| soon.prefetch());
        }
        boxes.pop()
    }

    #[inline]
    fn keep(&self, spare: Box<T>) {
        let mut boxes = self.0.borrow_mut();
        if boxes.len() < MAX_SPARE_BOXES {
            boxes.push(spare);
            return;
        }
        // What the surplus box holds may be a box of the same type, which comes here as well.
        drop(boxes);
        drop(spare);
    }
}

impl<T: Recycle> Default for SpareBoxes<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Recycle> Recycled<T> {
    /// Returns a box that holds `value`.
    #[inline]
    pub fn new(value: T) -> Self {
        Self::written(value, |value| value, |earlier, value| *earlier = value)
    }

    /// Returns a box with the value of `parts`: made by `make`, or written by `write` over an earlier value. So a large
    /// value is not moved.
    #[inline]
    pub fn written<P>(parts: P, make: impl FnOnce(P) -> T, write: impl FnOnce(&mut T, P)) -> Self {
        Self(Some(match spare::<T>() {
            Some(mut earlier) => {
                write(&mut earlier, parts);
                earlier
            }
            None => Box::new(make(parts)),
        }))
    }
}

/// Returns a box that the thread has kept. A thread that is ending has none.
#[inline]
fn spare<T: Recycle>() -> Option<Box<T>> {
    T::spare().try_with(SpareBoxes::take).ok().flatten()
}

const IS_TAKEN: &str = "only `drop` takes the box";

impl<T: Recycle> Deref for Recycled<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => unreachable!("{IS_TAKEN}"),
        }
    }
}

impl<T: Recycle> DerefMut for Recycled<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.0 {
            Some(value) => value,
            None => unreachable!("{IS_TAKEN}"),
        }
    }
}

impl<T: Recycle> Drop for Recycled<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut spare) = self.0.take() {
            spare.release();
            // A thread that is ending frees the box.
            let _ = T::spare().try_with(|boxes| boxes.keep(spare));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Held {
        number: u32,
        other: Option<Rc<()>>,
    }

    recycle!(Held, |held| held.other = None);

    fn boxed(number: u32) -> Recycled<Held> {
        Recycled::new(Held { number, other: None })
    }

    fn address(held: &Recycled<Held>) -> *const Held {
        &raw const **held
    }

    #[test]
    fn a_box_is_used_again_with_the_new_value() {
        let first = boxed(1);
        let at = address(&first);
        drop(first);
        let second = boxed(2);
        assert_eq!((address(&second), second.number), (at, 2));
        drop(second);
        let make = |number| Held { number, other: None };
        let add = |number| Recycled::written(number, make, |held, number| held.number += number);
        let third = add(5);
        assert_eq!((address(&third), third.number), (at, 7), "written over what was there");
        assert_eq!(add(5).number, 5, "made, since the only box is taken");
    }

    #[test]
    fn what_a_value_holds_is_released_at_once() {
        let held = Rc::new(());
        let boxed = Recycled::new(Held { number: 1, other: Some(Rc::clone(&held)) });
        let copy = boxed.clone();
        assert_eq!((Rc::strong_count(&held), &copy), (3, &boxed));
        drop(boxed);
        drop(copy);
        assert_eq!(Rc::strong_count(&held), 1);
    }

    /// A value that holds a box of its own type, and does not release it.
    struct Nested {
        inner: Option<Recycled<Nested>>,
    }

    recycle!(Nested, |_| {});

    #[test]
    fn a_surplus_box_may_hold_a_box_of_its_own_type() {
        let boxes: Vec<_> = (0..MAX_SPARE_BOXES).map(|_| Recycled::new(Nested { inner: None })).collect();
        let outer = Recycled::new(Nested { inner: Some(Recycled::new(Nested { inner: None })) });
        assert!(outer.inner.is_some());
        drop(boxes);
        drop(outer);
        assert_eq!(Nested::spare().with(|boxes| boxes.0.borrow().len()), MAX_SPARE_BOXES);
    }

    #[test]
    fn a_thread_keeps_so_many_boxes_and_no_more() {
        let kept = || Held::spare().with(|boxes| boxes.0.borrow().len());
        let boxes: Vec<_> = (0..).map(boxed).take(MAX_SPARE_BOXES).collect();
        drop(boxes);
        assert_eq!(kept(), MAX_SPARE_BOXES);
        let boxes: Vec<_> = (0..).map(boxed).take(MAX_SPARE_BOXES + 1).collect();
        assert_eq!(kept(), 0);
        drop(boxes);
        assert_eq!(kept(), MAX_SPARE_BOXES);
    }
}
