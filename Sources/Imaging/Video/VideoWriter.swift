// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// Writes frames into an H.264 file, by an encoder in a process of its own. Not thread-safe.
///
/// Frames go to a temporary file beside the target, which takes the target's name when it is finished. The
/// encoder finishes the file whenever no more frames come, even where this process was killed: then it keeps
/// its temporary name.
public final class VideoWriter {
  /// The endings of the files that can be written, with FFmpeg's names of their forms.
  static let forms = ["mp4": "mp4", "m4v": "mp4", "mov": "mov", "mkv": "matroska"]

  /// How many frames were written.
  public private(set) var count = 0

  private let path: String
  private let size: PixelSize
  private let temporary: String
  private let encoder: VideoProcess
  private let output: FileHandle
  private var isOpen = true

  /// - Parameters:
  ///   - path: the file to write; its ending names the form.
  ///   - size: that of each frame. H.264 with halved colour takes even sizes: an odd one gets a black column
  ///     or row more.
  ///   - rate: frames a second as a fraction.
  /// - Throws: a `Problem` for an unknown ending, and where FFmpeg is missing.
  public init(_ path: String, size: PixelSize, rate: String) throws {
    (self.path, self.size) = (path, size)
    let form = try Self.form(of: path)
    temporary = AtomicFile.temporary(for: path)
    // A write to an encoder that has ended is to be told as an error, not to end this process.
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    // High-definition players expect the colours of BT.709, and are told of them.
    let filter = "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv"
    encoder = try VideoProcess(
      .ffmpeg,
      [
        "-v", "error", "-nostdin", "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", "\(size)",
        "-framerate", rate, "-i", "-", "-vf", filter, "-c:v", "libx264", "-preset", "veryfast", "-crf", "20",
        "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-f", form, "-y", "file:\(temporary)",
      ], input: pipe)
    output = pipe.fileHandleForWriting
  }

  deinit {
    if isOpen { abandon() }
  }

  /// FFmpeg's name of the form that a file's ending asks for.
  ///
  /// - Throws: a `Problem` for another ending.
  @discardableResult
  public static func form(of path: String) throws -> String {
    if let form = forms[(path as NSString).pathExtension.lowercased()] { return form }
    throw Problem(
      "cannot write the video", at: path,
      because: "its name must end in \(forms.keys.sorted().map { ".\($0)" }.joined(separator: ", "))",
      remedy: "name a file such as labelled.mp4")
  }

  /// Writes a frame; it traps where its size is another than the video's.
  ///
  /// - Throws: a `Problem` where the encoder takes no more; what it said is in it.
  public func append(_ frame: RGBImage) throws {
    guard frame.size == size else { fatalError("a frame of \(frame.size) in a video of \(size)") }
    let isWritten = frame.pixels.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let step = write(
          output.fileDescriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if step < 0, errno == EINTR { continue }
        guard step > 0 else { return false }
        rest = rest.dropFirst(step)
      }
      return true
    }
    guard isWritten else { throw ended() }
    count += 1
  }

  /// Ends the video after the last frame and gives the file its name.
  ///
  /// - Returns: whether there is a file: not without a frame, nor after an error of `append`.
  /// - Throws: a `Problem` where the encoder or the disk refuses.
  @discardableResult
  public func finish() throws -> Bool {
    guard isOpen else { return false }
    guard count > 0 else {
      abandon()
      return false
    }
    try? output.close()
    if let failure = encoder.failure() { throw ended(failure) }
    isOpen = false
    try AtomicFile.settle(temporary, as: path)
    return true
  }

  private func abandon() {
    isOpen = false
    try? output.close()
    encoder.stop()
    unlink(temporary)
  }

  private func ended(_ why: String? = nil) -> Problem {
    try? output.close()
    let why = why ?? encoder.failure() ?? "the encoder has ended"
    abandon()
    return Problem(
      "cannot write the video", at: path, because: why.replacing(temporary, with: path),
      remedy: "free space there, or see whether FFmpeg has libx264")
  }
}
