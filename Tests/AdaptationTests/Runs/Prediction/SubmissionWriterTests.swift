// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Imaging
import Segmentation
import Testing

@Suite("Submissions")
struct SubmissionWriterTests {
  private func list(_ names: String...) throws -> ImageList {
    try ImageList(source: "list", entries: names.map { ImageList.Entry(path: "/\($0).png", name: $0) })
  }

  @Test(
    "know a benchmark's images by how their names begin",
    arguments: [
      (Submission.cityscapes, "val/bad-honnef_000000_000019_leftImg8bit", true),
      (.cityscapes, "aachen_000000_000019", true), (.cityscapes, "aachen_00000_000019", false),
      (.cityscapes, "aachen_000000_frame", false), (.cityscapes, "_000000_000019", false),
      (.acdc, "fog/GOPR0475_frame_000247_rgb_anon", true), (.acdc, "aachen_000000_000019", false),
      (.darkZurich, "GP010376_frame_00005_rgb_anon", false), (.darkZurich, "GP010376_frame_000005", true),
    ])
  func names(_ submission: Submission, _ name: String, _ known: Bool) throws {
    let found = problem {
      _ = try SubmissionWriter(submission, of: list(name), classes: .cityscapes19)
    }
    #expect((found == nil) == known)
  }

  @Test("hold the ids that the server wants, of networks with all or some of Cityscapes' classes")
  func values() throws {
    let names = try list("ulm_000000_000019")
    let pixels: [UInt8] = [0, 8, 9, 15]
    let map = LabelMap(size: PixelSize(width: 4, height: 1), pixels: pixels)
    let whole = try SubmissionWriter(.cityscapes, of: names, classes: .cityscapes19)
    #expect(whole.files(of: names.entries[0], map).map(\.map.pixels) == [[7, 21, 22, 28]])
    let classes = LabelSpace.cityscapes19.classes.filter { !["terrain", "truck", "train"].contains($0.name) }
    let sixteen = try LabelSpace(name: "sixteen", classes: classes)
    // The tenth of the sixteen is the sky, the last the bicycle.
    let compact = try SubmissionWriter(.cityscapes, of: names, classes: sixteen)
    #expect(compact.files(of: names.entries[0], map).map(\.map.pixels) == [[7, 21, 23, 33]])
    let night = try list("GP010376_frame_000005_rgb_anon")
    let dark = try SubmissionWriter(.darkZurich, of: night, classes: sixteen)
    let files = dark.files(of: night.entries[0], map)
    #expect(files.map(\.map.pixels) == [[0, 8, 10, 18], [0, 8, 10, 18], [0, 0, 0, 0]])
    #expect(
      files.map(\.name) == dark.names && dark.names[2] == "confidence/GP010376_frame_000005_rgb_anon.png")
  }
}
