// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Testing

@Suite("JSON of the program")
struct SnakeCaseJSONTests {
  private struct Result: Codable, Equatable {
    struct Inner: Codable, Equatable { var peakResidentBytes = 3 }
    var secondsPerStep = 0.5
    var mIoU: Double? = 0.25
    var lastMIoU = 1.0
    var sha256 = "a"
    var inner = [Inner()]
    var settings = ["schedule.warm_up": "2", "camelCase": "on"]
  }

  @Test("has keys in snake_case, keeps those of dictionaries, and is read back")
  func round() throws {
    let data = try JSONEncoder.snakeCase.encode(Result())
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(
      Set(object.keys) == ["seconds_per_step", "mIoU", "last_mIoU", "sha256", "inner", "settings"])
    #expect((object["inner"] as? [[String: Int]]) == [["peak_resident_bytes": 3]])
    #expect((object["settings"] as? [String: String])?["camelCase"] == "on")
    #expect(try JSONDecoder.snakeCase.decode(Result.self, from: data) == Result())
  }

  @Test(
    "names a property by its words",
    arguments: [
      ("unknownIDs", "unknown_ids"), ("oracleMIoU", "oracle_mIoU"), ("mIoU", "mIoU"), ("iou", "iou"),
      ("peakGigaflops", "peak_gigaflops"), ("label_space", "label_space"),
    ])
  func name(_ property: String, _ key: String) { #expect(SnakeCaseKey.name(of: property) == key) }
}
