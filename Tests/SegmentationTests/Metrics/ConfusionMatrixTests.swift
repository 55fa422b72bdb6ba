// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Testing

@Suite("The confusion matrix")
struct ConfusionMatrixTests {
  private func map(_ pixels: [UInt8]) -> LabelMap {
    LabelMap(size: PixelSize(width: pixels.count, height: 1), pixels: pixels)
  }

  private func matrix(_ prediction: [UInt8], _ label: [UInt8], classes: Int = 3) -> ConfusionMatrix {
    var matrix = ConfusionMatrix(classCount: classes)
    matrix.add(prediction: map(prediction), label: map(label))
    return matrix
  }

  @Test("counts pixels by true and predicted class")
  func counts() {
    let found = matrix([0, 0, 1, 1, 2, 0], [0, 0, 0, 1, 1, 2])
    #expect(found.rows == [[2, 1, 0], [0, 1, 1], [1, 0, 0]])
    #expect((0..<3).map(found.pixels) == [3, 2, 1])
    // TP / (TP + FP + FN): 2 / (2 + 1 + 1), 1 / (1 + 1 + 1), 0 / (0 + 1 + 1).
    #expect((0..<3).map(found.iou) == [0.5, 1.0 / 3, 0])
    #expect(abs((found.meanIoU ?? 0) - (0.5 + 1.0 / 3) / 3) < 1e-15)
  }

  @Test("leaves out ignored pixels whatever is predicted there")
  func ignored() {
    #expect(matrix([0, 1, 2], [255, 255, 255]).counts == [Int](repeating: 0, count: 9))
    #expect(matrix([0, 2], [0, 255]).iou(2) == nil)
  }

  @Test("takes a prediction outside the space for a miss and for no false positive")
  func unmapped() {
    let found = matrix([0, 255, 255], [0, 0, 1])
    #expect(found.unmapped == [1, 1, 0] && found.pixels(of: 0) == 2)
    #expect(found.iou(0) == 0.5 && found.iou(1) == 0 && found.iou(2) == nil)
    #expect(found.meanIoU == 0.25)
  }

  @Test("leaves classes that occur nowhere out of the mean, and scores nothing as 0")
  func absent() {
    #expect(matrix([1], [1]).meanIoU == 1)
    #expect(ConfusionMatrix(classCount: 3).meanIoU == nil)
    // Predicted, but never true: it counts, as 0.
    #expect(matrix([1, 2], [1, 1]).meanIoU == 0.25)
  }

  @Test("of parts add up to that of the whole")
  func sums() {
    var sum = matrix([0, 255, 2], [0, 1, 2])
    sum.add(matrix([1, 1], [2, 0]))
    #expect(sum == matrix([0, 255, 2, 1, 1], [0, 1, 2, 2, 0]))
  }

  @Test("is made again from its rows, and not from rows that are no matrix")
  func rows() {
    let found = matrix([0, 255, 2, 1], [0, 1, 2, 2])
    #expect(ConfusionMatrix(rows: found.rows, unmapped: found.unmapped) == found)
    #expect(ConfusionMatrix(rows: [[1, 0], [0, 1]])?.unmapped == [0, 0])
    for rows in [[], [[1, 0]], [[1, 0], [0]], [[1, -1], [0, 1]]] {
      #expect(ConfusionMatrix(rows: rows) == nil)
    }
    #expect(ConfusionMatrix(rows: [[1]], unmapped: [0, 0]) == nil)
  }

  @Test("keeps the labels of some classes as if the others had been ignored")
  func keeping() {
    let (prediction, label): ([UInt8], [UInt8]) = ([0, 1, 2, 255, 1], [0, 0, 1, 1, 2])
    let kept = matrix(prediction, label).keepingLabels(of: [0, 2])
    #expect(kept == matrix(prediction, [0, 0, 255, 255, 2]))
  }

  @Test("traps on a label outside its classes instead of counting it elsewhere")
  func outside() async {
    await #expect(processExitsWith: .failure) {
      var matrix = ConfusionMatrix(classCount: 3)
      let one = PixelSize(width: 1, height: 1)
      matrix.add(prediction: LabelMap(size: one, pixels: [0]), label: LabelMap(size: one, pixels: [3]))
      print(matrix.counts)
    }
  }
}
