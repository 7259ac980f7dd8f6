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
      do {
        // Every process has the same arguments: one says what is wrong with them.
        let command: FinetuneCommand
        do {
          command = try FinetuneCommand.parse()
        } catch {
          let code = FinetuneCommand.exitCode(for: error)
          if group.rank == 0 { say(FinetuneCommand.fullMessage(for: error), isHelp: code == .success) }
          throw code
        }
        try await command.run()
        group.finish()
      } catch let code as ExitCode {
        // All end with it.
        group.finish()
        exit(code.rawValue)
      } catch {
        say("Error: rank \(group.rank) on \(group.place): \(error)")
        // The others may wait for this one.
        group.abort()
      }
    }
  }

  private static func say(_ text: String, isHelp: Bool = false) {
    fputs(text + "\n", isHelp ? stdout : stderr)
  }
}
