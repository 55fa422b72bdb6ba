// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// Adds a window [N, C, h, w] to the part of this [N, C, H, W] that begins at a row and a column, in place.
  ///
  /// Windows are summed up in one volume because a new one for each would be the size of the whole image.
  package func add(_ window: Tensor, row: Int, column: Int) {
    let shape = window.shape
    let part = slice(row..<row + shape[2], along: 2).slice(column..<column + shape[3], along: 3)
    part.set(to: part + window)
  }
}
