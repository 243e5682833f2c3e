// SPDX-License-Identifier: GPL-3.0-or-later

//! The reserve of memory: what the allocator gives when the system has no more,
//! so that there is always enough to say so.
//!
//! The standard library ends the process when an allocation fails.  With this
//! allocator one fails only when the reserve is used up too.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The size of the reserve in bytes.  Pages of it that are not used take no
/// memory.
const SIZE: usize = 4 << 20;

/// All that this library allocates.
#[cfg_attr(feature = "reserve", global_allocator)]
static ALLOCATOR: Allocator = Allocator;

static RESERVE: Reserve = Reserve {
    bytes: UnsafeCell::new([0; SIZE]),
    used: Mutex::new(Use { end: 0, parts: 0 }),
    shortages: AtomicUsize::new(0),
    last_size: AtomicUsize::new(0),
};

/// How often the reserve had to be used.
pub fn shortages() -> usize {
    RESERVE.shortages.load(Ordering::Relaxed)
}

/// How many bytes were wanted when it was used last.
pub fn last_size() -> usize {
    RESERVE.last_size.load(Ordering::Relaxed)
}

/// Whether the system has `size` bytes for any thread.  What one thread has freed
/// another one may not get, and what the C library needs comes from there.
pub fn system_has(size: usize) -> bool {
    let (access, kind) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
    );
    // SAFETY: new memory takes no one's place, and nobody has it when it goes.
    unsafe {
        let given = libc::mmap(ptr::null_mut(), size.max(1), access, kind, -1, 0);
        given != libc::MAP_FAILED && libc::munmap(given, size.max(1)) == 0
    }
}

struct Reserve {
    bytes: UnsafeCell<[u8; SIZE]>,
    used: Mutex<Use>,
    shortages: AtomicUsize,
    last_size: AtomicUsize,
}

/// What is used of the reserve: all up to an end, until none of its parts is
/// used any more.
struct Use {
    end: usize,
    parts: usize,
}

// SAFETY: each part of the bytes is given to one owner, under the lock.
unsafe impl Sync for Reserve {}

impl Reserve {
    /// A part of the reserve, or NULL.
    fn take(&self, layout: Layout) -> *mut u8 {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        self.last_size.store(layout.size(), Ordering::Relaxed);
        self.shortages.fetch_add(1, Ordering::Relaxed);
        let start = self.start();
        let free = start.wrapping_add(used.end);
        let Some(end) = used
            .end
            .checked_add(free.align_offset(layout.align()))
            .and_then(|begin| begin.checked_add(layout.size()))
            .filter(|&end| end <= SIZE)
        else {
            return ptr::null_mut();
        };
        used.end = end;
        used.parts += 1;
        start.wrapping_add(end - layout.size())
    }

    fn give_back(&self) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.parts -= 1;
        if used.parts == 0 {
            used.end = 0;
        }
    }

    fn start(&self) -> *mut u8 {
        self.bytes.get().cast()
    }

    /// Whether `pointer` is to a part of it.
    fn holds(&self, pointer: *mut u8) -> bool {
        (pointer as usize).wrapping_sub(self.start() as usize) < SIZE
    }
}

struct Allocator;

// SAFETY: the system's allocator does what the trait asks for; parts of the
// reserve are as large and aligned as asked for, and no two overlap while both
// are used.  Neither panics: the lock is not held by whoever panics.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller promises a layout of some size.
        let given = unsafe { System.alloc(layout) };
        match given.is_null() {
            true => RESERVE.take(layout),
            false => given,
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller promises a layout of some size.
        let given = unsafe { System.alloc_zeroed(layout) };
        if !given.is_null() {
            return given;
        }
        let part = RESERVE.take(layout);
        if !part.is_null() {
            // SAFETY: it has that size, and may have been used before.
            unsafe { part.write_bytes(0, layout.size()) };
        }
        part
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match RESERVE.holds(pointer) {
            true => RESERVE.give_back(),
            // SAFETY: the caller promises what this allocator gave; it was the
            // system's.
            false => unsafe { System.dealloc(pointer, layout) },
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if RESERVE.holds(pointer) {
            if size <= layout.size() {
                return pointer;
            }
        } else {
            // SAFETY: as for `dealloc`; the caller promises a valid size.
            let given = unsafe { System.realloc(pointer, layout, size) };
            if !given.is_null() {
                return given;
            }
        }
        // SAFETY: the caller promises a valid size.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !moved.is_null() {
            // SAFETY: both have that size, and are not the same.
            unsafe {
                moved.copy_from_nonoverlapping(pointer, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::Layout;
    use std::cell::UnsafeCell;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use super::{Reserve, SIZE, Use};

    #[test]
    fn parts_are_aligned_and_do_not_overlap() {
        static RESERVE: Reserve = Reserve {
            bytes: UnsafeCell::new([0; SIZE]),
            used: Mutex::new(Use { end: 0, parts: 0 }),
            shortages: AtomicUsize::new(0),
            last_size: AtomicUsize::new(0),
        };
        let reserve = &RESERVE;
        let mut end = reserve.start() as usize;
        for (size, align) in [(1, 1), (8, 8), (3, 1), (100, 64), (5000, 4096), (1, 2)] {
            let part = reserve.take(Layout::from_size_align(size, align).unwrap());
            assert!(reserve.holds(part) && part as usize >= end);
            assert_eq!(part as usize % align, 0);
            end = part as usize + size;
        }
        let rest = SIZE - (end - reserve.start() as usize);
        let layout = |size| Layout::from_size_align(size, 1).unwrap();
        assert!(reserve.take(layout(rest + 1)).is_null());
        let last = reserve.take(layout(rest));
        assert!(reserve.holds(last) && !reserve.holds(last.wrapping_add(rest)));
        assert!(reserve.take(layout(1)).is_null());
        // When all is given back, all can be had again.
        for _ in 0..7 {
            reserve.give_back();
        }
        assert_eq!(reserve.take(layout(SIZE)), reserve.start());
    }
}
