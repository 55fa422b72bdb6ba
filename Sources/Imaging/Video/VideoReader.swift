// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// Reads the frames of a video, one after the other, from a decoder in a process of its own.
///
/// Each frame is held once; the decoder waits until it is asked for. Not thread-safe.
public final class VideoReader {
  /// What the file says of itself.
  public let stream: VideoStream
  /// How many frames were read.
  public private(set) var count = 0

  private let path: String
  private let decoder: VideoProcess
  private let input: FileHandle
  /// Bytes of the pipe that are not taken yet, from `taken` on.
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var (taken, filled) = (0, 0)
  private var isAtEnd = false

  /// Opens a file of any form that FFmpeg decodes.
  ///
  /// Frames come as they are shown: a turned one is turned back, and none is doubled or left out to even the
  /// rate.
  ///
  /// - Throws: a `Problem` for a missing file, one that is no video, and where FFmpeg is missing.
  public init(_ path: String) throws {
    self.path = path
    stream = try VideoStream(of: path)
    let pipe = Pipe()
    // As PPM each frame says its size. `-xerror` ends at the first break, where pictures would turn grey.
    decoder = try VideoProcess(
      .ffmpeg,
      [
        "-v", "error", "-nostdin", "-xerror", "-i", "file:\(path)", "-map", "0:V:0", "-fps_mode",
        "passthrough",
        "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-",
      ], output: pipe)
    input = pipe.fileHandleForReading
  }

  deinit { decoder.stop() }

  /// The next frame; nil after the last.
  ///
  /// - Throws: a `Problem` where the stream breaks; the frames before were given.
  public func next() throws -> RGBImage? {
    if isAtEnd { return nil }
    guard let size = header() else {
      isAtEnd = true
      // Of a Matroska file that was cut FFmpeg complains, and ends as if all were well.
      let isShort = stream.frames.map { count < $0 } ?? false
      if let failure = decoder.failure(strict: isShort) { throw broken(failure) }
      return nil
    }
    let wanted = 3 * size.area
    let pixels = [UInt8](unsafeUninitializedCapacity: wanted) { pixels, count in
      let bytes = UnsafeMutableRawBufferPointer(pixels)
      while count < wanted {
        let step = read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count..<wanted]))
        if step == 0 { break }
        count += step
      }
    }
    guard pixels.count == wanted else {
      isAtEnd = true
      throw broken(decoder.failure() ?? "it ends within a frame")
    }
    count += 1
    return RGBImage(size: size, pixels: pixels)
  }

  private func broken(_ why: String) -> Problem {
    Problem(
      "the video breaks off", at: path, because: "\(why), after frame \(count)",
      remedy: "get a whole copy of it, or let FFmpeg mend it")
  }

  /// The size of `P6 WIDTH HEIGHT 255`; nil at the end of the stream.
  private func header() -> PixelSize? {
    var words: [String] = []
    var word = ""
    while words.count < 4, word.utf8.count < 16, let byte = nextByte() {
      if byte > 32 {
        word.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        words.append(word)
        word = ""
      }
    }
    guard words.count == 4, words[0] == "P6", let width = Int(words[1]), let height = Int(words[2]),
      width > 0, height > 0
    else { return nil }
    return PixelSize(width: width, height: height)
  }

  private func nextByte() -> UInt8? {
    if taken == filled {
      (taken, filled) = (0, buffer.withUnsafeMutableBytes { Self.read(input.fileDescriptor, $0) })
      if filled == 0 { return nil }
    }
    taken += 1
    return buffer[taken - 1]
  }

  /// - Returns: how many bytes were read; 0 at the end.
  private func read(into target: UnsafeMutableRawBufferPointer) -> Int {
    guard taken < filled else { return Self.read(input.fileDescriptor, target) }
    let step = min(target.count, filled - taken)
    buffer.withUnsafeBytes {
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[taken..<taken + step]))
    }
    taken += step
    return step
  }

  private static func read(_ descriptor: Int32, _ target: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = Foundation.read(descriptor, target.baseAddress, target.count)
      if count >= 0 || errno != EINTR { return max(count, 0) }
    }
  }
}
