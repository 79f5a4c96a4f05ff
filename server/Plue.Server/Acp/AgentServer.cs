using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers.Acp;
using Plue.Server.Providers.Http;
using Plue.Server.Store;

namespace Plue.Server.Acp;

/// <summary>
/// Plue as an agent for an editor, over the Agent Client Protocol, version 1. A session is a chat and has its ID; other Plue windows can have the chat
/// open at the same time.
/// </summary>
internal sealed class AgentServer : IAcpReceiver, IAsyncDisposable
{
    private const int PageSize = 50;

    /// <summary>The maximum number of sets of folders and servers that are open at the same time.</summary>
    private const int MaxWorkspaces = 32;
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(4);

    private readonly Func<CancellationToken, Task<Services>> open;
    private readonly CancellationTokenSource stop;
    private readonly AgentOutput output;
    private readonly AcpPeer peer;
    private readonly ConcurrentDictionary<string, AgentSession> sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AgentWorkspace> workspaces = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim opening = new(1, 1);
    private AgentClient client = new();
    private ILogger logger = NullLogger.Instance;

    private AgentServer(Func<CancellationToken, Task<Services>> open, Stream output, CancellationToken cancellationToken)
    {
        this.open = open;
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        this.output = new AgentOutput(output, stop.Cancel);
        peer = new AcpPeer(
            this,
            (line, _) =>
            {
                this.output.Send(line);
                return Task.CompletedTask;
            }
        );
    }

    /// <summary>Serves a client until its input ends.</summary>
    /// <param name="open">Creates the services of a workspace, with the vault unlocked if that needs no prompt.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task<Services>> open,
        Stream input,
        Stream output,
        CancellationToken cancellationToken
    )
    {
        await using var server = new AgentServer(open, output, cancellationToken);
        await server.ReadAsync(input);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var session in sessions.Values)
        {
            session.Close();
        }

        peer.End(new Failure(FailureKind.Unreachable, "The editor closed the connection."));
        // A blocked disk must not keep this process running.
        var ending = Task.Run(async () =>
        {
            await opening.WaitAsync();
            foreach (var workspace in workspaces.Values)
            {
                await workspace.DisposeAsync();
            }
        });
        try
        {
            await ending.WaitAsync(EndingTime);
            await output.FlushAsync().WaitAsync(EndingTime);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("Shutdown took too long; a response that was not stored yet will be shown as interrupted");
        }

        await stop.CancelAsync();
    }

    ValueTask IAcpReceiver.NotifiedAsync(string method, JsonElement parameters)
    {
        if (method == "session/cancel" && sessions.TryGetValue(parameters.Text("sessionId") ?? "", out var session))
        {
            _ = session.CancelAsync();
        }

        return ValueTask.CompletedTask;
    }

    void IAcpReceiver.Log(Exception fault, string method) => logger.LogError(fault, "{Method} failed unexpectedly", method);

    Task<AcpAnswer> IAcpReceiver.AnswerAsync(string method, JsonElement parameters, CancellationToken cancellationToken)
    {
        if (method == "session/prompt")
        {
            // Errors are in the task, so that the reader continues.
            return PromptAsync(parameters, cancellationToken);
        }

        return Task.Run(
            async () =>
            {
                try
                {
                    return await AnswerAsync(method, parameters, cancellationToken);
                }
                catch (FailureException fault)
                {
                    throw fault.Failure.Kind == FailureKind.NotFound
                        ? new AcpErrorException(AcpErrorException.NotFound, fault.Message)
                        : new AcpErrorException(AcpErrorException.InternalError, fault.Message);
                }
            },
            CancellationToken.None
        );
    }

    private async Task<AcpAnswer> PromptAsync(JsonElement parameters, CancellationToken cancellationToken) =>
        await Session(parameters).PromptAsync(parameters, cancellationToken);

    private async Task<AcpAnswer> AnswerAsync(string method, JsonElement parameters, CancellationToken cancellationToken)
    {
        switch (method)
        {
            case "initialize":
                return Initialize(parameters);
            case "authenticate":
                await (await WorkspaceAsync(null, cancellationToken)).RequireProviderAsync(cancellationToken);
                return AcpAnswer.Empty;
            case "session/new":
                return await NewAsync(parameters, cancellationToken);
            case "session/load":
                return await LoadAsync(parameters, isReplayed: true, cancellationToken);
            case "session/resume":
                return await LoadAsync(parameters, isReplayed: false, cancellationToken);
            case "session/fork":
                return await ForkAsync(parameters, cancellationToken);
            case "session/list":
                return await ListAsync(parameters, cancellationToken);
            case "session/close":
                await CloseAsync(Session(parameters));
                return AcpAnswer.Empty;
            case "session/delete":
                return await DeleteAsync(parameters, cancellationToken);
            case "session/set_mode":
                await Session(parameters).SetAsync("mode", Required(parameters, "modeId"), cancellationToken);
                return AcpAnswer.Empty;
            case "session/set_config_option":
                var session = Session(parameters);
                await session.SetAsync(Required(parameters, "configId"), Required(parameters, "value"), cancellationToken);
                return new AcpAnswer(writer => session.Workspace.Options.WriteOptions(writer, session.Chat));
            default:
                throw new AcpErrorException(
                    AcpErrorException.MethodNotFound,
                    $"Plue has no method {HiddenCharacters.VisibleLine(method)}."
                );
        }
    }

    private AcpAnswer Initialize(JsonElement parameters)
    {
        var capabilities = parameters.Field("clientCapabilities") ?? default;
        client = new AgentClient(
            TakesNotices: capabilities.Field("session")?.Field("notices") is not null,
            ShowsOutput: capabilities.Field("_meta")?.Flag("terminal_output") == true,
            ShowsForms: capabilities.Field("elicitation")?.Field("form") is not null,
            OpensAddresses: capabilities.Field("elicitation")?.Field("url") is not null
        );
        return new AcpAnswer(writer =>
        {
            writer.WriteNumber("protocolVersion"u8, AcpWire.ProtocolVersion);
            writer.WriteStartObject("agentCapabilities"u8);
            writer.WriteBoolean("loadSession"u8, true);
            writer.WriteStartObject("promptCapabilities"u8);
            writer.WriteBoolean("image"u8, true);
            writer.WriteBoolean("audio"u8, false);
            writer.WriteBoolean("embeddedContext"u8, true);
            writer.WriteEndObject();
            writer.WriteStartObject("mcpCapabilities"u8);
            writer.WriteBoolean("http"u8, true);
            writer.WriteBoolean("sse"u8, false);
            writer.WriteEndObject();
            writer.WriteStartObject("sessionCapabilities"u8);
            foreach (var name in new[] { "list", "delete", "additionalDirectories", "resume", "close", "fork" })
            {
                writer.WriteStartObject(name);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteStartArray("authMethods"u8);
            writer.WriteEndArray();
            writer.WriteStartObject("agentInfo"u8);
            writer.WriteString("name"u8, "plue"u8);
            writer.WriteString("title"u8, "Plue"u8);
            writer.WriteString("version"u8, PlatformServices.Version);
            writer.WriteEndObject();
        });
    }

    private async Task<AcpAnswer> NewAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        var workspace = await WorkspaceAsync(parameters, cancellationToken);
        await workspace.RequireProviderAsync(cancellationToken);
        return Begun(await workspace.BeginAsync(null, cancellationToken), isNew: true);
    }

    private async Task<AcpAnswer> LoadAsync(JsonElement parameters, bool isReplayed, CancellationToken cancellationToken)
    {
        var codexId = CodexIdOf(parameters);
        var workspace = await WorkspaceAsync(parameters, cancellationToken);
        if (sessions.TryRemove(Required(parameters, "sessionId"), out var before))
        {
            await before.Workspace.DetachAsync(before);
        }

        var session = await workspace.BeginAsync(codexId, cancellationToken);
        if (isReplayed)
        {
            await session.Updates.ReplayAsync(session.Chat.Messages);
        }

        return Begun(session, isNew: false);
    }

    private async Task<AcpAnswer> ForkAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        var codexId = CodexIdOf(parameters);
        var workspace = await WorkspaceAsync(parameters, cancellationToken);
        return Begun(await workspace.ForkAsync(codexId, cancellationToken), isNew: true);
    }

    private async Task<AcpAnswer> ListAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        // Chats belong to no folder: each can be opened in any.
        var folder = parameters.Text("cwd") is { } cwd ? FolderAt(cwd) : Environment.CurrentDirectory;
        var from =
            parameters.Text("cursor") is not { } cursor ? 0
            : int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place
            : throw Invalid("The cursor is not one of Plue.");
        var workspace = await WorkspaceAsync(null, cancellationToken);
        var chats = workspace.List().Skip(from).Take(PageSize + 1).ToList();
        return new AcpAnswer(writer =>
        {
            writer.WriteStartArray("sessions"u8);
            foreach (var chat in chats.Take(PageSize))
            {
                writer.WriteStartObject();
                writer.WriteString("sessionId"u8, chat.Id);
                writer.WriteString("cwd"u8, folder);
                writer.WriteString("title"u8, chat.Title);
                AgentWire.WriteTime(writer, chat.UpdatedAt);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            if (chats.Count > PageSize)
            {
                writer.WriteString("nextCursor"u8, (from + PageSize).ToString(CultureInfo.InvariantCulture));
            }
        });
    }

    private async Task<AcpAnswer> DeleteAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        var codexId = CodexIdOf(parameters);
        if (sessions.TryGetValue(Required(parameters, "sessionId"), out var session))
        {
            await CloseAsync(session);
        }

        await (session?.Workspace ?? await WorkspaceAsync(null, cancellationToken)).DeleteAsync(codexId, cancellationToken);
        return AcpAnswer.Empty;
    }

    private async Task CloseAsync(AgentSession session)
    {
        sessions.TryRemove(new KeyValuePair<string, AgentSession>(session.Id, session));
        await session.Workspace.CloseAsync(session);
    }

    private AcpAnswer Begun(AgentSession session, bool isNew)
    {
        sessions[session.Id] = session;
        return new AcpAnswer(
            writer =>
            {
                if (isNew)
                {
                    writer.WriteString("sessionId"u8, session.Id);
                }

                session.Workspace.Options.Write(writer, session.Chat);
            },
            session.SendCommands
        );
    }

    /// <summary>Gets the services for the folders and servers in a request.</summary>
    /// <param name="request">Null for no folders and no servers.</param>
    private async Task<AgentWorkspace> WorkspaceAsync(JsonElement? request, CancellationToken cancellationToken)
    {
        var parameters = request ?? default;
        List<string> paths = [];
        if (request is not null)
        {
            paths.Add(FolderAt(Required(parameters, "cwd")));
            paths.AddRange(parameters.Items("additionalDirectories").Select(item => FolderAt(item.GetString() ?? "")));
        }

        var folders = FoldersOf(paths);
        var servers = paths.Count == 0 ? [] : ClientServers.Read(parameters, paths[0]);
        var key = string.Join('\n', [.. paths, parameters.Field("mcpServers")?.GetRawText() ?? "[]"]);
        await opening.WaitAsync(cancellationToken);
        try
        {
            if (workspaces.TryGetValue(key, out var known))
            {
                return known;
            }

            await CloseUnusedAsync();
            if (workspaces.Count >= MaxWorkspaces)
            {
                throw new AcpErrorException(
                    AcpErrorException.InternalError,
                    $"{MaxWorkspaces} folders are open at the same time. Close some of their sessions first."
                );
            }

            var services = await open(cancellationToken);
            var workspace = workspaces[key] = new AgentWorkspace(services, folders, servers, output, client, peer);
            logger = workspace.Logger;
            return workspace;
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>Closes services without a session if there are many.</summary>
    private async Task CloseUnusedAsync()
    {
        if (workspaces.Count < MaxWorkspaces)
        {
            return;
        }

        foreach (var (key, unused) in workspaces.Where(one => sessions.Values.All(session => session.Workspace != one.Value)).ToList())
        {
            workspaces.Remove(key);
            await unused.DisposeAsync();
        }
    }

    private static WorkspaceFolders? FoldersOf(List<string> paths)
    {
        if (paths.Count <= 1)
        {
            return paths is [var only] ? WorkspaceFolders.Of(only) : null;
        }

        List<WorkspaceFolder> folders = [];
        foreach (var path in paths.Distinct(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } last ? last : "root";
            var unique = name;
            for (var number = 2; folders.Exists(folder => folder.Name == unique); number++)
            {
                unique = string.Create(CultureInfo.InvariantCulture, $"{name} ({number})");
            }

            folders.Add(new WorkspaceFolder(unique, path));
        }

        return WorkspaceFolders.Of(folders);
    }

    private static string FolderAt(string path) =>
        Path.IsPathFullyQualified(path) && !path.Contains('\0') && Directory.Exists(path)
            ? Path.GetFullPath(path)
            : throw Invalid($"{HiddenCharacters.VisibleLine(path)} is not the absolute path of a folder. Open a folder that exists.");

    private AgentSession Session(JsonElement parameters)
    {
        var id = Required(parameters, "sessionId");
        return sessions.TryGetValue(id, out var session)
            ? session
            : throw new AcpErrorException(
                AcpErrorException.NotFound,
                $"The session {HiddenCharacters.VisibleLine(id)} is not open. Load it first, or begin a new one."
            );
    }

    private static string CodexIdOf(JsonElement parameters)
    {
        var id = Required(parameters, "sessionId");
        return ChannelKind.Chat.IsIdOfKind(id)
            ? CodexUri.OfChannel(id).ToString()
            : throw new AcpErrorException(AcpErrorException.NotFound, $"There is no session {HiddenCharacters.VisibleLine(id)}.");
    }

    private static string Required(JsonElement parameters, string name) =>
        parameters.Text(name) ?? throw Invalid($"The parameter {name} is missing.");

    private static AcpErrorException Invalid(string message) => new(AcpErrorException.InvalidParams, message);

    private async Task ReadAsync(Stream input)
    {
        var lines = new ChildProcessLines(input, AcpConnection.MaxLineBytes);
        // A blocked read of stdin cannot be canceled; a stop abandons it.
        var stopped = Task.Delay(Timeout.Infinite, stop.Token);
        try
        {
            while (true)
            {
                var reading = Task.Run(async () => await lines.ReadAsync(CancellationToken.None), CancellationToken.None);
                if (await Task.WhenAny(reading, stopped) != reading || await reading is not { } line)
                {
                    return;
                }

                if (AcpPeer.Parse(line) is { } message)
                {
                    await peer.TakeAsync(message);
                }
                else if (!line.Span.Trim((byte)' ').IsEmpty)
                {
                    var isBatch = line.Span.TrimStart((byte)' ') is [(byte)'[', ..];
                    output.Send(
                        isBatch
                            ? AcpWire.Error("null", AcpErrorException.InvalidRequest, "Batches are not part of the protocol.")
                            : AcpWire.Error("null", AcpErrorException.ParseError, "The line is not a JSON object.")
                    );
                }
            }
        }
        catch (InvalidDataException)
        {
            output.Send(AcpWire.Error("null", AcpErrorException.InvalidRequest, "The message is longer than 32 MiB."));
        }
        catch (IOException fault)
        {
            logger.LogDebug("The editor has closed: {Reason}", fault.Message);
        }
    }
}
