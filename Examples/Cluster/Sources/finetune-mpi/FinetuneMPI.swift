// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Finetuning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `finetune` on several processes, which MPI connects: the same options, and the same bits.
///
///     mpirun -np 4 finetune-mpi --train train.csv --output tuned
@main
enum FinetuneMPI {
  static func main() async {
    let group: MPIGroup
    do {
      group = try MPIGroup.join()
    } catch {
      say("Error: \(error)")
      exit(1)
    }
    await FinetuneCommand.$group.withValue(group) {
      let command: FinetuneCommand
      do {
        command = try FinetuneCommand.parse()
      } catch {
        // All processes have the same arguments, so only the first reports the error. mpirun kills the others when one
        // ends; finish() makes all wait until the message is written.
        let code = FinetuneCommand.exitCode(for: error), message = FinetuneCommand.fullMessage(for: error)
        if group.rank == 0 { code == .success ? print(message) : say(message) }
        fflush(nil)
        group.finish()
        exit(code.rawValue)
      }
      do {
        try await command.run()
        if !command.isQuiet { say(summary(of: group)) }
        group.finish()
      } catch let code as ExitCode {
        // Every process ends with this code.
        group.finish()
        exit(code.rawValue)
      } catch {
        say("Error: rank \(group.rank) on \(group.place): \(error)")
        // The others may wait for this one.
        group.abort()
      }
    }
  }

  /// Where this process's time went: whether the network or the computing limits a run.
  private static func summary(of group: MPIGroup) -> String {
    let cost = group.cost, all = now(CLOCK_PROCESS_CPUTIME_ID)
    func rounded(_ number: Double) -> Double { (number * 1000).rounded() / 1000 }
    return "rank \(group.rank) on \(group.place): \(rounded(all - cost.processorSeconds)) s of the processor, "
      + "\(rounded(cost.gathering)) s of gathering and \(rounded(cost.summing)) s of summing for \(cost.bytes >> 20) MB"
  }

  private static func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
