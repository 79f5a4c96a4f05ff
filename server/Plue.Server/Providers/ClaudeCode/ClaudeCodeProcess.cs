using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Programs;

namespace Plue.Server.Providers.ClaudeCode;

/// <param name="Resumes">Whether the session exists already.</param>
/// <param name="ReadFolder">The trusted folder that its tools may read; null leaves it without tools.</param>
internal sealed record ClaudeCodeLaunch(
    string SessionId,
    bool Resumes,
    string Directory,
    string? ReadFolder,
    string? Model,
    string? Effort,
    int? MaxTurns
)
{
    public ClaudeCodeTools Tools { get; init; } = ClaudeCodeTools.None;

    /// <summary>Further trusted folders that its tools may read.</summary>
    public IReadOnlyList<string> OtherFolders { get; init; } = [];

    /// <summary>True if it reads the settings of the user and the folder: skills, slash commands, hooks, agents and MCP servers.</summary>
    public bool UsesOwnSettings { get; init; }

    public static string NewSessionId() => Guid.CreateVersion7().ToString("D");

    /// <summary>True if a process with these options can serve the request. The model can be changed while it runs.</summary>
    public bool IsCompatibleWith(ClaudeCodeLaunch wanted) =>
        (Directory, ReadFolder, Effort, MaxTurns) == (wanted.Directory, wanted.ReadFolder, wanted.Effort, wanted.MaxTurns)
        && UsesOwnSettings == wanted.UsesOwnSettings
        && OtherFolders.SequenceEqual(wanted.OtherFolders)
        && Tools.IsSame(wanted.Tools);

    public IReadOnlyList<string> Arguments()
    {
        List<string> arguments =
        [
            "-p",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            "--verbose",
            "--include-partial-messages",
            "--permission-prompt-tool",
            "stdio",
            "--setting-sources",
            // Without sources, the program does not read CLAUDE.md. Plue sends the workspace rules with the system prompt, as for every provider.
            UsesOwnSettings ? "user,project,local" : "",
            .. UsesOwnSettings ? (string[])[] : ["--strict-mcp-config", "--disable-slash-commands"],
            "--thinking-display",
            "summarized",
            "--tools",
            string.Join(',', Tools.Own),
            Resumes ? $"--resume={SessionId}" : $"--session-id={SessionId}",
        ];
        if (Model is not null)
        {
            arguments.Add($"--model={Model}");
        }
        if (Effort is not null)
        {
            arguments.Add($"--effort={Effort}");
        }
        if (MaxTurns is { } turns)
        {
            arguments.Add($"--max-turns={turns}");
        }

        arguments.AddRange(OtherFolders.Select(folder => $"--add-dir={folder}"));
        return arguments;
    }
}

/// <summary>One running CLI. It is silent until the first request, so it can be started in advance.</summary>
internal sealed class ClaudeCodeProcess(ChildProcess child, ClaudeCodeLaunch launch, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstLine = TimeSpan.FromSeconds(30);
    private int requests;
    private bool hasOutput;

    public ClaudeCodeQuestions Questions { get; } = new(child, launch, logger);

    public ClaudeCodeLaunch Launch { get; } = launch;

    public int Id => child.Id;

    public bool IsAlive => !child.Exited.IsCompleted;

    public bool IsInitialized { get; private set; }

    public string? System { get; private set; }

    public string? Model { get; private set; } = launch.Model;

    /// <summary>The models in the reply to <see cref="InitializeAsync"/>.</summary>
    public IReadOnlyList<ModelInfo>? Models { get; private set; }

    /// <summary>The fingerprint of the session's history; null if unknown.</summary>
    public string? Known { get; set; }

    /// <summary>The cost so far, in USD.</summary>
    public decimal Cost { get; set; }

    public ValueTask InitializeAsync(string? system, CancellationToken cancellationToken)
    {
        (IsInitialized, System) = (true, system);
        return child.WriteLineAsync(
            ClaudeCodeWire.Initialize(NextId(), system, Launch.Tools.Own.Count + Launch.Tools.Ours.Count > 0, Launch.Tools.Ours.Count > 0),
            cancellationToken
        );
    }

    public ValueTask SetModelAsync(string model, CancellationToken cancellationToken)
    {
        Model = model;
        return child.WriteLineAsync(ClaudeCodeWire.SetModel(NextId(), model), cancellationToken);
    }

    public ValueTask AskAsync(ProgramHistory.Entry question, CancellationToken cancellationToken) =>
        child.WriteLineAsync(ClaudeCodeWire.User(question.SentText, query: true, question.Images), cancellationToken);

    public ValueTask InterruptAsync(CancellationToken cancellationToken) =>
        child.WriteLineAsync(ClaudeCodeWire.Interrupt(NextId()), cancellationToken);

    /// <summary>Sends the earlier messages. Each user message waits for its confirmation, so that the order is kept.</summary>
    /// <exception cref="IOException">The process ended.</exception>
    public async Task SeedAsync(IReadOnlyList<ProgramHistory.Entry> past, CancellationToken cancellationToken)
    {
        foreach (var entry in past)
        {
            if (entry.IsResponse)
            {
                await child.WriteLineAsync(ClaudeCodeWire.Assistant(entry.Text), cancellationToken).ConfigureAwait(false);
                continue;
            }

            await child
                .WriteLineAsync(ClaudeCodeWire.User(entry.SentText, query: false, entry.Images), cancellationToken)
                .ConfigureAwait(false);
            while (await ReadAsync(cancellationToken).ConfigureAwait(false) is var line and not ClaudeCodeLine.Result)
            {
                if (line is null)
                {
                    throw new IOException("It ended while it received the history.");
                }
            }
        }
    }

    /// <summary>Reads the next line; null at the end. Requests from the CLI are answered in the meantime.</summary>
    /// <exception cref="InvalidDataException">A line exceeds the limit.</exception>
    /// <exception cref="TimeoutException">The process sent nothing in time.</exception>
    public async ValueTask<ClaudeCodeLine?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (
                (
                    hasOutput
                        ? await child.ReadLineAsync(cancellationToken).ConfigureAwait(false)
                        : await ReadFirstAsync(cancellationToken).ConfigureAwait(false)
                )
                is not { } bytes
            )
            {
                return null;
            }

            hasOutput = true;
            switch (ClaudeCodeWire.Read(bytes.Span))
            {
                case ClaudeCodeLine.Question question:
                    Questions.Take(question);
                    break;
                case ClaudeCodeLine.QuestionCanceled question:
                    Questions.Cancel(question.RequestId);
                    break;
                case ClaudeCodeLine.Answer { Error: { } error }:
                    logger.LogWarning("Claude Code refused a control request: {Error}", error);
                    break;
                case ClaudeCodeLine.Answer answer:
                    Models = answer.Models ?? Models;
                    return answer;
                case ClaudeCodeLine.Other:
                    break;
                case var line:
                    return line;
            }
        }
    }

    /// <summary>Waits for the process to end and describes how it ended.</summary>
    public async Task<Failure> ExitFailureAsync()
    {
        await child.EndAsync(urgent: true).ConfigureAwait(false);
        return ClaudeCodeFailures.ProcessExited(await child.Exited.ConfigureAwait(false), child.StderrTail);
    }

    /// <summary>Waits until the process has written its session.</summary>
    public async Task CloseAsync()
    {
        await child.EndAsync().ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await child.DisposeAsync().ConfigureAwait(false);
        await Questions.SettleAsync().ConfigureAwait(false);
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadFirstAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(FirstLine, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await child.ReadLineAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException canceled) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Claude Code sent nothing within {FirstLine.TotalSeconds:0} s.", canceled);
        }
    }

    private string NextId() => $"plue-{Interlocked.Increment(ref requests)}";
}
