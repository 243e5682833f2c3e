// SPDX-License-Identifier: GPL-3.0-or-later

//! A rectangle divided into rectangles of given areas that are nearly squares.
//!
//! Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): rectangles are
//! put in rows along the shorter side of what is left, and a row ends where
//! another rectangle in it would make the longest of them longer.

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn area(&self) -> f64 {
        self.w * self.h
    }

    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// What is left when `margin` is taken off at each side, or as much as
    /// leaves half of it.
    pub fn inset(&self, margin: f64) -> Rect {
        let across = margin.min(self.w / 4.0);
        let down = margin.min(self.h / 4.0);
        Rect {
            x: self.x + across,
            y: self.y + down,
            w: self.w - 2.0 * across,
            h: self.h - 2.0 * down,
        }
    }

    /// What is left below the first `height` of it.
    pub fn below(&self, height: f64) -> Rect {
        let height = height.min(self.h);
        Rect {
            y: self.y + height,
            h: self.h - height,
            ..*self
        }
    }
}

/// Divide `within` into rectangles whose areas are to each other as `weights`,
/// which are positive and, for good shapes, in descending order.
pub fn squarify(weights: &[f64], within: Rect) -> Vec<Rect> {
    let unit = within.area() / weights.iter().sum::<f64>();
    let areas: Vec<f64> = weights.iter().map(|weight| weight * unit).collect();
    let mut out = Vec::with_capacity(areas.len());
    let mut free = within;
    let mut rest = areas.as_slice();
    while !rest.is_empty() {
        let (row, after) = rest.split_at(row_length(rest, free.w.min(free.h)));
        let last = after.is_empty();
        free = place(row, free, last, &mut out);
        rest = after;
    }
    out
}

/// How many of `areas` the next row has, along a side of this length.
fn row_length(areas: &[f64], side: f64) -> usize {
    let mut sum = 0.0;
    let mut worst = f64::INFINITY;
    for (length, &area) in areas.iter().enumerate() {
        sum += area;
        // Of a row in descending order, the first or the last is the longest.
        let square = sum * sum / (side * side);
        let ratio = (areas[0] / square).max(square / area);
        if ratio > worst {
            return length;
        }
        worst = ratio;
    }
    areas.len()
}

/// Put a row along the shorter side of `free`; all of it, if it is the last.
/// Returns what is left.
fn place(row: &[f64], free: Rect, last: bool, out: &mut Vec<Rect>) -> Rect {
    let sum: f64 = row.iter().sum();
    let upright = free.w >= free.h;
    let (side, depth) = if upright {
        (free.h, free.w)
    } else {
        (free.w, free.h)
    };
    let thickness = if last { depth } else { (sum / side).min(depth) };
    let mut done = 0.0;
    for area in row {
        // From sums, so that errors of rounding do not add up.
        let from = side * (done / sum);
        done += area;
        let length = side * (done / sum).min(1.0) - from;
        out.push(if upright {
            Rect {
                x: free.x,
                y: free.y + from,
                w: thickness,
                h: length,
            }
        } else {
            Rect {
                x: free.x + from,
                y: free.y,
                w: length,
                h: thickness,
            }
        });
    }
    if upright {
        Rect {
            x: free.x + thickness,
            w: free.w - thickness,
            ..free
        }
    } else {
        free.below(thickness)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{inside, overlap, sizes};
    use super::*;

    const WITHIN: Rect = Rect {
        x: 10.0,
        y: 20.0,
        w: 1000.0,
        h: 600.0,
    };

    fn check(weights: &[f64], within: Rect) -> Vec<Rect> {
        let rects = squarify(weights, within);
        assert_eq!(rects.len(), weights.len());
        let unit = within.area() / weights.iter().sum::<f64>();
        for (rect, weight) in rects.iter().zip(weights) {
            assert!(inside(rect, &within), "{rect:?}");
            assert!((rect.area() - weight * unit).abs() < 1e-6 * within.area());
        }
        for (index, one) in rects.iter().enumerate() {
            for other in &rects[..index] {
                assert!(!overlap(one, other), "{one:?} and {other:?}");
            }
        }
        rects
    }

    #[test]
    fn areas_are_as_the_weights() {
        check(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], WITHIN);
        for count in [1, 10, 100, 2000] {
            let mut weights: Vec<f64> = sizes(count).map(|size| size as f64).collect();
            weights.sort_by(|one, other| other.total_cmp(one));
            check(&weights, WITHIN);
        }
    }

    #[test]
    fn one_has_all_and_none_has_none() {
        assert_eq!(squarify(&[3.0], WITHIN), [WITHIN]);
        assert_eq!(squarify(&[], WITHIN), []);
    }

    #[test]
    fn equal_weights_are_nearly_squares() {
        for rect in check(&[1.0; 60], WITHIN) {
            let ratio = rect.w / rect.h;
            assert!((0.5..2.0).contains(&ratio), "{rect:?}");
        }
    }

    #[test]
    fn extremes_stay_inside() {
        check(&[1.8e19, 1.8e19, 1.0], WITHIN);
        let mut weights = vec![1e18];
        weights.resize(500, 1.0);
        check(&weights, WITHIN);
        let flat = Rect { h: 1e-3, ..WITHIN };
        check(&[5.0, 3.0, 1.0], flat);
    }

    #[test]
    fn insets_leave_something() {
        let small = Rect { w: 2.0, ..WITHIN };
        let inset = small.inset(5.0);
        assert_eq!(inset.w, 1.0);
        assert_eq!(inset.h, WITHIN.h - 10.0);
        assert!(inside(&inset, &small));
    }
}
