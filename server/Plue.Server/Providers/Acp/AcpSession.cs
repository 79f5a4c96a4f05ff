using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Programs;

namespace Plue.Server.Providers.Acp;

/// <summary>A running agent with its one session.</summary>
internal sealed class AcpSession : IAcpClient, IAsyncDisposable
{
    /// <summary>The slowest known agent takes 9 s on a quiet machine.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(45);

    private const int MaxCommands = 200;

    private readonly AcpProgram program;
    private readonly AcpConnection connection;
    private readonly AcpFailures failures;
    private readonly AcpTerminals terminals = new();
    private readonly Action<IReadOnlyList<AgentCommand>> commandsChanged;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private JsonElement initialized;
    private volatile AcpTurn? turn;

    private AcpSession(
        AcpProgram program,
        AcpLaunch launch,
        AcpFailures failures,
        Action<IReadOnlyList<AgentCommand>> commandsChanged,
        TimeProvider time,
        ILogger logger
    )
    {
        (this.program, Launch, this.failures, this.commandsChanged, this.time, this.logger) = (
            program,
            launch,
            failures,
            commandsChanged,
            time,
            logger
        );
        connection = new AcpConnection(program.Child, this, failures);
    }

    public AcpLaunch Launch { get; }
    public string Id { get; private set; } = "";
    public AcpOptions Options { get; } = new();
    public bool IsAlive => connection.IsAlive;
    public int ProcessId => connection.Id;
    public SandboxedProgram Sandbox => program.Sandbox;
    public Failure End => connection.End;
    public bool SupportsImages => initialized.Field("agentCapabilities")?.Field("promptCapabilities")?.Flag("image") == true;

    /// <summary>The MCP servers that were offered to it, with those that it could not take.</summary>
    public AgentServers Servers { get; private set; } = AgentServers.None;

    /// <summary>The fingerprint of the session's history; null if unknown.</summary>
    public string? Known { get; set; }

    /// <summary>The instructions that the session received.</summary>
    public string? System { get; set; }

    /// <summary>USD so far; null if the agent does not report it.</summary>
    public decimal? Cost { get; private set; }

    /// <summary>Tokens in the context; null if the agent does not report it.</summary>
    public long? ContextTokens { get; private set; }

    /// <summary>Starts the program and its session.</summary>
    /// <param name="resume">The session to continue; if it is gone, a new one is started.</param>
    /// <param name="commandsChanged">Receives the slash commands of the agent.</param>
    /// <exception cref="FailureException">It could not be started, or is not signed in.</exception>
    public static async Task<AcpSession> StartAsync(
        AcpStarter starter,
        AcpLaunch launch,
        ProgramSession? resume,
        bool usesFiles,
        AgentServers servers,
        AcpFailures failures,
        Action<IReadOnlyList<AgentCommand>> commandsChanged,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        var started = await starter.StartAsync(launch, cancellationToken).ConfigureAwait(false);
        var session = new AcpSession(started, launch, failures, commandsChanged, time, logger);
        try
        {
            using var limit = new CancellationTokenSource(StartLimit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                await session.OpenAsync(resume, usesFiles, servers, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new FailureException(failures.TooSlow("start a session", StartLimit));
            }
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return session;
    }

    /// <summary>Selects model, reasoning level and mode where the agent offers them.</summary>
    /// <exception cref="FailureException">The agent rejected the model.</exception>
    public async Task SelectAsync(
        string? model,
        string? level,
        string? mode,
        IReadOnlyDictionary<string, string> others,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (model is not null && model != Options.Model && Options.SelectModel(model) is { } chosen)
            {
                await SetAsync(chosen, cancellationToken).ConfigureAwait(false);
                Options.Selected(model: model);
            }
        }
        catch (AcpErrorException fault)
        {
            throw new FailureException(
                FailureKind.ModelNotFound,
                $"The agent rejected the model {model} ({VendorMessage.Clean(fault.Message).TrimEnd('.')}). Choose another model."
            );
        }

        try
        {
            if (level is not null && level != Options.Level && Options.SelectLevel(level) is { } chosen)
            {
                await SetAsync(chosen, cancellationToken).ConfigureAwait(false);
                Options.Selected(level: level);
            }

            if (mode is not null && mode != Options.Mode)
            {
                await SetAsync(Options.SelectMode(mode), cancellationToken).ConfigureAwait(false);
                Options.ModeChanged(mode);
            }

            foreach (var (id, value) in others)
            {
                if (Options.Select(id, value) is { } request)
                {
                    await SetAsync("session/set_config_option", request, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (AcpErrorException fault)
        {
            // The policy and the sandbox hold in any mode.
            logger.LogInformation("The agent rejected a level, mode or option: {Error}", fault.Message);
        }
    }

    /// <summary>Sends a prompt. The turn receives the events.</summary>
    public Task PromptAsync(AcpTurn next, IReadOnlyList<string> texts, IReadOnlyList<MessagePart.File> images)
    {
        turn = next;
        return Task.Run(async () =>
        {
            AcpEvent last;
            try
            {
                var result = await connection
                    .RequestAsync("session/prompt", AcpWire.Prompt(Id, texts, SupportsImages ? images : []), CancellationToken.None)
                    .ConfigureAwait(false);
                last = new AcpEvent.Ended(result);
            }
            catch (AcpErrorException fault)
            {
                last = new AcpEvent.Failed(failures.Of(fault, initialized));
            }
            catch (FailureException fault)
            {
                last = new AcpEvent.Failed(fault.Failure);
            }

            await next.AddAsync(last).ConfigureAwait(false);
            next.Close();
        });
    }

    /// <summary>Cancels the prompt and answers open requests of the agent.</summary>
    public async Task CancelAsync(CancellationToken cancellationToken)
    {
        connection.CancelRequests();
        await connection.NotifyAsync("session/cancel", AcpWire.Fields(("sessionId", Id)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ignores all further events until the next prompt.</summary>
    public void Leave()
    {
        turn?.Close();
        turn = null;
    }

    public void Kill() => connection.Kill();

    public async Task CloseAsync()
    {
        if (initialized.Field("agentCapabilities")?.Field("sessionCapabilities")?.Field("close") is not null && Id.Length > 0)
        {
            using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                await connection.RequestAsync("session/close", AcpWire.Fields(("sessionId", Id)), moment.Token).ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is AcpErrorException or FailureException or OperationCanceledException)
            {
                logger.LogDebug("The session was not closed: {Error}", fault.Message);
            }
        }

        await connection.CloseAsync().ConfigureAwait(false);
        program.Sandbox.Resources?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Leave();
        await connection.DisposeAsync().ConfigureAwait(false);
        terminals.Clear();
        program.Sandbox.Resources?.Dispose();
    }

    ValueTask IAcpClient.UpdatedAsync(string sessionId, JsonElement update)
    {
        if (Id.Length > 0 && sessionId != Id)
        {
            return ValueTask.CompletedTask;
        }

        switch (update.Text("sessionUpdate"))
        {
            case "available_commands_update":
                commandsChanged([
                    .. update
                        .Items("availableCommands")
                        .Where(command => AgentCommand.IsName(command.Text("name")))
                        .Take(MaxCommands)
                        .Select(command => new AgentCommand(
                            command.Text("name")!,
                            command.Text("description") ?? "",
                            command.Field("input")?.Text("hint")
                        )),
                ]);
                return ValueTask.CompletedTask;
            case "config_option_update":
                Options.ReadOptions(update);
                return ValueTask.CompletedTask;
            case "current_mode_update":
                Options.ModeChanged(update.Text("currentModeId"));
                return ValueTask.CompletedTask;
            case "usage_update":
                ContextTokens = update.Whole("used") ?? ContextTokens;
                if (
                    update.Field("cost") is { } cost
                    && cost.Text("currency") is null or "USD"
                    && cost.Money("amount") is >= 0 and var amount
                )
                {
                    Cost = amount;
                }

                return turn?.AddAsync(new AcpEvent.Metered(ContextTokens, Cost)) ?? ValueTask.CompletedTask;
            default:
                // Without a turn it is a replayed history, or late.
                return turn?.AddAsync(new AcpEvent.Update(update)) ?? ValueTask.CompletedTask;
        }
    }

    async Task<Action<Utf8JsonWriter>> IAcpClient.AnswerAsync(string method, JsonElement parameters, CancellationToken cancellationToken)
    {
        var asking = turn;
        if (method == "session/request_permission")
        {
            return await PermitAsync(asking, parameters, cancellationToken).ConfigureAwait(false);
        }

        if (method == "elicitation/create")
        {
            return await AskAsync(asking, parameters, cancellationToken).ConfigureAwait(false);
        }

        if (!method.StartsWith("fs/", StringComparison.Ordinal) && !method.StartsWith("terminal/", StringComparison.Ordinal))
        {
            throw new AcpErrorException(AcpErrorException.MethodNotFound, $"Plue does not support {method}.");
        }

        if (asking is not { Host: { } host })
        {
            throw new AcpErrorException(AcpErrorException.InternalError, "No response is in progress.");
        }

        return method switch
        {
            "fs/read_text_file" => await ReadFileAsync(asking, host, parameters, cancellationToken).ConfigureAwait(false),
            "fs/write_text_file" => await WriteFileAsync(asking, host, parameters, cancellationToken).ConfigureAwait(false),
            "terminal/create" => terminals.Create(asking, host, parameters),
            "terminal/output" => terminals.Output(parameters),
            "terminal/wait_for_exit" => await terminals.WaitAsync(parameters, cancellationToken).ConfigureAwait(false),
            "terminal/kill" => terminals.Kill(parameters),
            "terminal/release" => terminals.Release(parameters),
            _ => throw new AcpErrorException(AcpErrorException.MethodNotFound, $"Plue does not support {method}."),
        };
    }

    void IAcpClient.Ended() => terminals.Clear();

    void IAcpClient.Log(Exception fault, string method) => logger.LogError(fault, "{Method} of an agent could not be answered.", method);

    private async Task OpenAsync(ProgramSession? resume, bool usesFiles, AgentServers servers, CancellationToken cancellationToken)
    {
        try
        {
            initialized = await connection
                .RequestAsync("initialize", AcpWire.Initialize(usesFiles, PlatformServices.Version), cancellationToken)
                .ConfigureAwait(false);
            if (initialized.Whole("protocolVersion") is var version and not AcpWire.ProtocolVersion)
            {
                throw new FailureException(failures.WrongVersion(version));
            }

            var can = initialized.Field("agentCapabilities") ?? default;
            var takesAddresses = can.Field("mcpCapabilities")?.Flag("http") == true;
            Servers = servers with
            {
                Omitted =
                [
                    .. servers.Omitted,
                    .. servers
                        .Servers.Where(server => server.Address is not null && !takesAddresses)
                        .Select(server =>
                            $"The agent did not receive the MCP server {server.Name}: it supports only servers that are programs."
                        ),
                ],
            };
            IReadOnlyList<AgentServer> taken = [.. servers.Servers.Where(server => server.Address is null || takesAddresses)];
            var others = can.Field("sessionCapabilities")?.Field("additionalDirectories") is null ? [] : Launch.Others;
            if (resume is not null && await ContinueAsync(resume, can, others, taken, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            var started = await connection
                .RequestAsync("session/new", AcpWire.Session(null, Launch.Directory, others, taken), cancellationToken)
                .ConfigureAwait(false);
            Options.Read(started);
            Known = ProgramHistory.EmptyFingerprint;
            Id = started.Text("sessionId") is { Length: > 0 } id
                ? id
                : throw new AcpErrorException(AcpErrorException.InternalError, "it started a session without an ID");
        }
        catch (AcpErrorException fault)
        {
            throw new FailureException(failures.Of(fault, initialized));
        }
    }

    /// <returns>False if the session is gone.</returns>
    private async Task<bool> ContinueAsync(
        ProgramSession resume,
        JsonElement can,
        IReadOnlyList<string> others,
        IReadOnlyList<AgentServer> servers,
        CancellationToken cancellationToken
    )
    {
        var method =
            can.Field("sessionCapabilities")?.Field("resume") is not null ? "session/resume"
            : can.Flag("loadSession") == true ? "session/load"
            : null;
        if (method is null)
        {
            return false;
        }

        try
        {
            var result = await connection
                .RequestAsync(method, AcpWire.Session(resume.Id, Launch.Directory, others, servers), cancellationToken)
                .ConfigureAwait(false);
            Options.Read(result);
            (Id, Known) = (resume.Id, resume.Fingerprint);
            return true;
        }
        catch (AcpErrorException fault) when (fault.Code != AcpErrorException.AuthenticationRequired)
        {
            logger.LogInformation(
                "The session {Session} could not be resumed, so its history is sent again: {Error}",
                resume.Id,
                fault.Message
            );
            return false;
        }
    }

    private Task SetAsync((string Method, (string, string)[] Fields) request, CancellationToken cancellationToken) =>
        SetAsync(request.Method, AcpWire.Fields(request.Fields), cancellationToken);

    private async Task SetAsync(string method, Action<Utf8JsonWriter> fields, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StartLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var result = await connection
                .RequestAsync(
                    method,
                    writer =>
                    {
                        writer.WriteString("sessionId"u8, Id);
                        fields(writer);
                    },
                    either.Token
                )
                .ConfigureAwait(false);
            Options.ReadOptions(result);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(failures.TooSlow("change an option of the session", StartLimit));
        }
    }

    private static async Task<Action<Utf8JsonWriter>> PermitAsync(
        AcpTurn? asking,
        JsonElement parameters,
        CancellationToken cancellationToken
    )
    {
        var options = parameters.Items("options").ToList();
        string? OptionOf(params string[] kinds) =>
            kinds
                .SelectMany(kind => options.Where(option => option.Text("kind") == kind))
                .Select(option => option.Text("optionId"))
                .FirstOrDefault(id => id is not null);
        if (asking is null)
        {
            return AcpWire.Cancelled;
        }

        try
        {
            var call = await asking.PermissionAsync(parameters.Field("toolCall") ?? default, cancellationToken).ConfigureAwait(false);
            var permission = asking.Host is { } host
                ? await host.MayRunAsync(call, cancellationToken).ConfigureAwait(false)
                : new ToolPermission(false, "No tools are available here.");
            asking.Answered(call.ToolUseId, permission);
            // Plue decides each time, so a lasting permission is never given to the agent.
            var chosen = permission.IsAllowed ? OptionOf("allow_once", "allow_always") : OptionOf("reject_once", "reject_always");
            return chosen is null ? AcpWire.Cancelled : AcpWire.Selected(chosen);
        }
        catch (OperationCanceledException)
        {
            return AcpWire.Cancelled;
        }
    }

    private static async Task<Action<Utf8JsonWriter>> AskAsync(AcpTurn? asking, JsonElement parameters, CancellationToken cancellationToken)
    {
        if (asking is not { Host: { } host })
        {
            return AcpWire.Answer("cancel");
        }

        try
        {
            return await asking.AskAsync(host, parameters, cancellationToken).ConfigureAwait(false) is { } values
                ? AcpWire.Answer("accept", values)
                : AcpWire.Answer("decline");
        }
        catch (OperationCanceledException)
        {
            return AcpWire.Answer("cancel");
        }
    }

    private static async Task<Action<Utf8JsonWriter>> ReadFileAsync(
        AcpTurn asking,
        IAgentHost host,
        JsonElement parameters,
        CancellationToken cancellationToken
    )
    {
        var path = PathIn(parameters);
        var (content, error) = await host.ReadFileAsync(asking.OpenCallFor("read", path) ?? Ids.New("call"), path, cancellationToken)
            .ConfigureAwait(false);
        if (content is null)
        {
            throw new AcpErrorException(AcpErrorException.NotFound, error ?? "The file could not be read.");
        }

        if (parameters.Whole("line") is > 1 and var line)
        {
            content = Lines(content, line - 1, parameters.Whole("limit"));
        }
        else if (parameters.Whole("limit") is { } limit)
        {
            content = Lines(content, 0, limit);
        }

        return writer => writer.WriteString("content"u8, content);
    }

    private static async Task<Action<Utf8JsonWriter>> WriteFileAsync(
        AcpTurn asking,
        IAgentHost host,
        JsonElement parameters,
        CancellationToken cancellationToken
    )
    {
        var path = PathIn(parameters);
        var card = await asking.CardAsync("edit", path, null, cancellationToken).ConfigureAwait(false);
        var error = await host.WriteFileAsync(card.ToolUseId, path, parameters.Text("content") ?? "", cancellationToken)
            .ConfigureAwait(false);
        if (card.IsOwn)
        {
            await asking.AddAsync(new AcpEvent.CardEnded(card.ToolUseId, error is null ? "Written." : null, error)).ConfigureAwait(false);
        }

        return error is null ? AcpWire.Empty : throw new AcpErrorException(AcpErrorException.InternalError, error);
    }

    private static string PathIn(JsonElement parameters) =>
        parameters.Text("path") is { Length: > 0 } path && Path.IsPathFullyQualified(path) && !path.Contains('\0')
            ? path
            : throw new AcpErrorException(AcpErrorException.InvalidParams, "`path` must be an absolute path.");

    private static string Lines(string content, long skip, long? take)
    {
        var lines = content.Split('\n').Skip((int)Math.Min(skip, int.MaxValue));
        return string.Join('\n', take is { } count ? lines.Take((int)Math.Clamp(count, 0, int.MaxValue)) : lines);
    }
}
