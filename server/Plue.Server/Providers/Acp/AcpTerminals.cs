using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>The terminals that an agent opened: commands that run as calls of <c>bash</c>.</summary>
internal sealed class AcpTerminals
{
    private const int MaxTerminals = 32;
    private const int MaxOutput = 1_000_000;

    /// <summary>The exit code that shells use for commands that did not run.</summary>
    private const int NotRun = 126;

    private readonly ConcurrentDictionary<string, Terminal> terminals = new(StringComparer.Ordinal);
    private int count;

    public Action<Utf8JsonWriter> Create(AcpTurn turn, IAgentHost host, JsonElement parameters)
    {
        if (parameters.Text("command") is not { Length: > 0 } command)
        {
            throw new AcpErrorException(AcpErrorException.InvalidParams, "`command` is missing.");
        }

        if (terminals.Count >= MaxTerminals)
        {
            throw new AcpErrorException(
                AcpErrorException.InternalError,
                $"At most {MaxTerminals} terminals can be open. Release some first."
            );
        }

        var words = parameters.Items("args").Select(word => LoneSurrogates.TextOf(word) ?? "").ToList();
        var line = words.Count == 0 ? command : $"{ShellLine.Quoted(command)} {ShellLine.Of(words)}";
        var folder = parameters.Text("cwd") is { } cwd && Path.IsPathFullyQualified(cwd) ? cwd : null;
        var terminal = new Terminal((int)Math.Clamp(parameters.Whole("outputByteLimit") ?? MaxOutput, 0, MaxOutput));
        var id = $"terminal-{Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture)}";
        terminals[id] = terminal;
        terminal.Work = Task.Run(() => RunAsync(terminal, turn, host, line, folder));
        return writer => writer.WriteString("terminalId"u8, id);
    }

    public Action<Utf8JsonWriter> Output(JsonElement parameters)
    {
        var terminal = Find(parameters);
        var (output, isTruncated) = terminal.Output;
        return writer =>
        {
            writer.WriteString("output"u8, output);
            writer.WriteBoolean("truncated"u8, isTruncated);
            if (terminal.Work.IsCompleted)
            {
                writer.WriteStartObject("exitStatus"u8);
                WriteExit(writer, terminal);
                writer.WriteEndObject();
            }
        };
    }

    public async Task<Action<Utf8JsonWriter>> WaitAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        var terminal = Find(parameters);
        await terminal.Work.WaitAsync(cancellationToken).ConfigureAwait(false);
        return writer => WriteExit(writer, terminal);
    }

    public Action<Utf8JsonWriter> Kill(JsonElement parameters)
    {
        Find(parameters).Stop();
        return AcpWire.Empty;
    }

    public Action<Utf8JsonWriter> Release(JsonElement parameters)
    {
        Find(parameters).Stop();
        terminals.TryRemove(parameters.Text("terminalId")!, out _);
        return AcpWire.Empty;
    }

    /// <summary>Stops running commands.</summary>
    public void Clear()
    {
        foreach (var terminal in terminals.Values)
        {
            terminal.Stop();
        }

        terminals.Clear();
    }

    private Terminal Find(JsonElement parameters) =>
        parameters.Text("terminalId") is { } id && terminals.TryGetValue(id, out var terminal)
            ? terminal
            : throw new AcpErrorException(AcpErrorException.NotFound, "There is no such terminal.");

    private static void WriteExit(Utf8JsonWriter writer, Terminal terminal)
    {
        if (terminal.ExitCode is { } code)
        {
            writer.WriteNumber("exitCode"u8, code);
        }
        else
        {
            writer.WriteString("signal"u8, "SIGTERM"u8);
        }
    }

    private static async Task RunAsync(Terminal terminal, AcpTurn turn, IAgentHost host, string line, string? folder)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(terminal.Stopped, turn.Over);
        try
        {
            var card = await turn.CardAsync("execute", null, line, either.Token).ConfigureAwait(false);
            var result = await host.RunCommandAsync(card.ToolUseId, line, folder, terminal.Add, either.Token).ConfigureAwait(false);
            terminal.End(result.Error ?? result.Output, result.Error is null ? result.ExitCode : NotRun);
            if (card.IsOwn)
            {
                await turn.AddAsync(new AcpEvent.CardEnded(card.ToolUseId, result.Error is null ? result.Output : null, result.Error))
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            terminal.End(null, null);
        }
    }

    private sealed class Terminal(int limit)
    {
        private readonly Lock sync = new();
        private readonly StringBuilder output = new();
        private readonly CancellationTokenSource stop = new();

        public Task Work { get; set; } = Task.CompletedTask;
        public CancellationToken Stopped => stop.Token;
        public int? ExitCode { get; private set; }

        public (string Text, bool IsTruncated) Output
        {
            get
            {
                lock (sync)
                {
                    var text = output.ToString();
                    var bytes = Encoding.UTF8.GetBytes(text);
                    if (bytes.Length <= limit)
                    {
                        return (text, false);
                    }

                    var at = bytes.Length - limit;
                    while (at < bytes.Length && (bytes[at] & 0xC0) == 0x80)
                    {
                        at++;
                    }

                    return (Encoding.UTF8.GetString(bytes.AsSpan(at)), true);
                }
            }
        }

        public void Add(string text)
        {
            lock (sync)
            {
                output.Append(text);
                if (output.Length > 2 * MaxOutput)
                {
                    output.Remove(0, output.Length - MaxOutput);
                }
            }
        }

        /// <param name="text">Replaces the output so far, of which parts can be missing; null keeps it.</param>
        public void End(string? text, int? exitCode)
        {
            lock (sync)
            {
                ExitCode = exitCode;
                if (text is not null)
                {
                    output.Clear().Append(text);
                }
            }
        }

        public void Stop() => stop.Cancel();
    }
}
