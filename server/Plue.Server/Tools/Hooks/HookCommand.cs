using System.Globalization;
using System.Text;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Providers;

namespace Plue.Server.Tools.Hooks;

/// <param name="Text">The standard output.</param>
/// <param name="ErrorText">The end of the error output.</param>
/// <param name="Failure">Why the command did not exit by itself, as a sentence; null if it did.</param>
internal sealed record HookOutput(int ExitCode, string Text, string ErrorText, TimeSpan Duration, string? Failure = null);

/// <summary>Runs hook commands in the sandbox, with the same environment as agents' commands.</summary>
internal sealed class HookCommand(PluePaths paths, Sandbox sandbox, Func<bool> allowsNetwork, TimeProvider time)
{
    private const int MaxOutputBytes = 256 * 1024;
    private const int MaxErrorLength = 2_000;

    private static readonly string[] Shells = OperatingSystem.IsWindows()
        ? [@"C:\Program Files\Git\bin\bash.exe"]
        : ["/bin/bash", "/usr/bin/bash", "/bin/sh"];

    /// <summary>The outer shell redirects the input and restores the SIGPIPE default, because .NET ignores the signal.</summary>
    private const string Started =
        "input=$1; shift; exec <\"$input\"; /usr/bin/env --default-signal=PIPE true 2>/dev/null && exec /usr/bin/env --default-signal=PIPE \"$@\"; exec \"$@\"";

    public async Task<string> DescribeAsync(WorkspaceFolders folders, CancellationToken cancellationToken) =>
        Permissions.Sandbox.Describe(await sandbox.KindAsync(cancellationToken), Rules(folders, null));

    /// <param name="files">The arguments, <c>"$@"</c>.</param>
    public async Task<HookOutput> RunAsync(
        CommandHook hook,
        byte[] input,
        IReadOnlyList<string> files,
        WorkspaceFolders folders,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        HookOutput NotRun(string why) => new(0, "", "", time.GetElapsedTime(began), why);
        if (ManagedPolicy.Read(paths).RefusalOfTool("bash") is { } refusal)
        {
            PolicyRefusals.Record(paths, time, refusal);
            return NotRun(refusal);
        }
        if (Shells.FirstOrDefault(File.Exists) is not { } shell)
        {
            return NotRun("No shell was found on this machine.");
        }

        var inputFile = Path.Combine(Path.GetTempPath(), $"plue-hook-{Guid.NewGuid():N}.json");
        try
        {
            await using (
                var file = RegularFile.Open(
                    inputFile,
                    FileMode.CreateNew,
                    FileAccess.Write,
                    FileShare.None,
                    FileOptions.None,
                    UnixFileMode.UserRead | UnixFileMode.UserWrite
                )
            )
            {
                await file.WriteAsync(input, cancellationToken);
            }

            inputFile = RealPath.Of(inputFile);
            var rules = Rules(folders, inputFile);
            var environment = new Dictionary<string, string>(ShellEnvironment.Of(OwnEnvironment.Read(), rules.AllowNetwork))
            {
                ["CLAUDE_PROJECT_DIR"] = rules.Workspace,
                ["PLUE_PROJECT_DIR"] = rules.Workspace,
            };
            var start = new ChildProcessStart
            {
                Program = shell,
                Arguments =
                [
                    "-c",
                    Started,
                    "hook",
                    inputFile,
                    shell,
                    .. shell.EndsWith("bash", StringComparison.Ordinal) ? (string[])["--noprofile", "--norc"] : [],
                    "-c",
                    hook.Command,
                    "hook",
                    .. files,
                ],
                Environment = environment,
                WorkingDirectory = rules.Workspace,
            };
            using var held = sandbox.Prepare(await sandbox.KindAsync(cancellationToken), start, rules);
            return await RunAsync(held, hook.Timeout, began, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return NotRun($"The command could not be started ({fault.Message.TrimEnd('.')}).");
        }
        finally
        {
            File.Delete(inputFile);
        }
    }

    private async Task<HookOutput> RunAsync(SandboxedStart held, TimeSpan timeout, long began, CancellationToken cancellationToken)
    {
        await using var child = ChildProcess.Start(held.Start);
        await using var killing = held.Violation.Register(child.Kill);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        string? failure = null;
        var output = new MemoryStream();
        try
        {
            var buffer = new byte[16 * 1024];
            while (await child.ReadAsync(buffer, limit.Token) is > 0 and var count)
            {
                if (output.Length + count > MaxOutputBytes)
                {
                    failure = string.Create(
                        CultureInfo.InvariantCulture,
                        $"The command was ended because it printed more than {MaxOutputBytes / 1024} KB."
                    );
                    break;
                }

                output.Write(buffer, 0, count);
            }
            if (failure is null)
            {
                // A command can close its output and continue.
                await child.Exited.WaitAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            failure = string.Create(
                CultureInfo.InvariantCulture,
                $"The command was ended with all its processes because it ran longer than its limit of {timeout.TotalSeconds:0.#} s. Increase timeout_s, or make it faster."
            );
        }

        if (failure is not null)
        {
            await child.EndAsync(urgent: true);
        }

        var code = await child.Exited.WaitAsync(cancellationToken);
        var errors = child.StderrTail.Trim();
        if (held.Finish() is { } note)
        {
            failure ??= note;
        }

        return new HookOutput(
            code,
            HiddenCharacters.Visible(Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length)),
            HiddenCharacters.Visible(errors.Length <= MaxErrorLength ? errors : "…" + errors[^MaxErrorLength..]),
            time.GetElapsedTime(began),
            failure
        );
    }

    private SandboxRules Rules(WorkspaceFolders folders, string? input) =>
        new(folders.First.Path)
        {
            AllowNetwork = allowsNetwork(),
            Others = [.. folders.Paths.Skip(1)],
            Input = input,
        };
}
