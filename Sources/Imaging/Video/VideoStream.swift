// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// What a video file says of its first stream of pictures.
public struct VideoStream: Equatable, Sendable {
  /// Frames a second, on average, as a fraction: "30000/1001".
  public let rate: String
  /// How many frames there should be; nil where the file does not say. In some files it is an estimate.
  public let frames: Int?

  /// Reads a file's headers.
  ///
  /// - Throws: a `Problem` for a missing file, one that is no video, and where FFmpeg is missing.
  public init(of path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
      throw Problem(
        "cannot read the video", at: path,
        because: isFolder.boolValue ? "it is a folder" : "there is no such file", remedy: "name a video file")
    }
    let pipe = Pipe()
    let entries = "stream=avg_frame_rate,r_frame_rate,nb_frames,duration:format=duration"
    let process = try VideoProcess(
      .ffprobe,
      ["-v", "error", "-select_streams", "V:0", "-show_entries", entries, "-of", "json", "file:\(path)"],
      output: pipe)
    let text = pipe.fileHandleForReading.readDataToEndOfFile()
    if let failure = process.failure() { throw Self.problem(path, failure) }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: text), let stream = answer.streams.first
    else { throw Self.problem(path, "it has no stream of pictures") }
    let rates = [stream.avg_frame_rate, stream.r_frame_rate].compactMap(\.self)
    guard let rate = rates.first(where: { Self.value($0) != nil }), let value = Self.value(rate) else {
      throw Self.problem(path, "it has no frame rate")
    }
    self.rate = rate
    let seconds = (stream.duration ?? answer.format?.duration).flatMap(Double.init)
    // A damaged header may name any length.
    let estimate = seconds.map { ($0 * value).rounded() }.flatMap { (1..<1e9).contains($0) ? Int($0) : nil }
    frames = stream.nb_frames.flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil } ?? estimate
  }

  private static func problem(_ path: String, _ why: String) -> Problem {
    Problem("cannot read the video", at: path, because: why, remedy: "give a file that FFmpeg can play")
  }

  /// Frames a second of a fraction; nil where it is none.
  private static func value(_ rate: String) -> Double? {
    let parts = rate.split(separator: "/").compactMap { Double($0) }
    guard parts.count == 2, parts[0] > 0, parts[1] > 0 else { return nil }
    return parts[0] / parts[1]
  }

  /// ffprobe's answer, under its own names.
  private struct Answer: Decodable {
    struct Stream: Decodable {
      let avg_frame_rate, r_frame_rate, nb_frames, duration: String?
    }
    struct Format: Decodable {
      let duration: String?
    }
    let streams: [Stream]
    let format: Format?
  }
}
