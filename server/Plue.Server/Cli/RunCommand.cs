using System.CommandLine;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Providers;

namespace Plue.Server.Cli;

/// <summary>
/// <c>plue run "question"</c>: prints one response to stdout and stores nothing. Exit codes: 0 done, 1 the provider failed, 2 bad usage, 130 interrupted.
/// </summary>
internal sealed class RunCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Argument<string?> question = new("question")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The prompt. Piped input is appended to it, or is the prompt if none is given.",
    };
    private readonly Option<string?> provider = new("--provider")
    {
        Description = "A configured provider, by its name in codex://providers/",
    };
    private readonly Option<string?> kind = new("--kind")
    {
        Description = "A temporary connection: anthropic, openai-compatible, ollama, claude-code or tour",
    };
    private readonly Option<string?> baseUrl = new("--base-url") { Description = "The base URL of that connection" };
    private readonly Option<string?> keyEnv = new("--key-env")
    {
        Description = "The environment variable with its key, which is sent only to --base-url, or by default to the vendor's address",
    };
    private readonly Option<string?> model = new("--model") { Description = "The model; without it, the provider's own choice" };
    private readonly Option<string> template = new("--template")
    {
        Description = "The template, by its id, which sets the prompt, provider, model and options",
        DefaultValueFactory = _ => RunAgent.DefaultTemplate,
    };
    private readonly Option<string[]> set = TemplateOptions.Set();
    private readonly Option<string?> workspace = TemplateOptions.Workspace();
    private readonly Option<int?> passphraseFd = CommonOptions.PassphraseFd();
    private readonly Option<bool> json = new("--json") { Description = "The same as --output stream-json" };
    private readonly Option<string> output = new("--output")
    {
        Description = "text, or stream-json with one event per line",
        DefaultValueFactory = _ => "text",
    };

    /// <param name="open">Opens the services. Called only if the command runs, because help needs no services.</param>
    public static Command Create(Func<string?, Services> open, Terminal terminal) => new RunCommand(open, terminal).Build();

    private Command Build()
    {
        output.AcceptOnlyFromAmong("text", "stream-json");
        kind.AcceptOnlyFromAmong([.. ProviderKinds.All]);
        var command = new Command(
            "run",
            "Send one prompt and print the response. Uses the instructions of a template and, with --workspace, of that folder. No tools are used. For example: plue run \"Why is the sky blue?\""
        )
        {
            question,
            template,
            set,
            workspace,
            provider,
            kind,
            baseUrl,
            keyEnv,
            model,
            passphraseFd,
            output,
            json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(provider) is not null && result.GetValue(kind) is not null)
            {
                result.AddError("Use either --provider or --kind, not both.");
            }
            if (result.GetValue(kind) is null && (result.GetValue(baseUrl) ?? result.GetValue(keyEnv)) is not null)
            {
                result.AddError("--base-url and --key-env require --kind.");
            }
            if (
                result.GetValue(kind) is { } named
                && ProviderKinds.Find(named) is { NeedsEndpoint: true }
                && result.GetValue(baseUrl) is null
            )
            {
                result.AddError($"--kind {named} needs --base-url.");
            }
            if (result.GetValue(baseUrl) is { } url && !IsWebAddress(url))
            {
                result.AddError("--base-url is not an http or https address.");
            }
        });
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string text;
        try
        {
            text = await MessageInput.ReadAsync(
                terminal,
                parsed.GetValue(question),
                "The prompt is missing. Pass one: plue run \"What is a codex?\"",
                cancellationToken
            );
        }
        catch (FailureException fault)
        {
            terminal.WriteError(fault.Message);
            return ExitCodes.BadUsage;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }

        var services = open(parsed.GetValue(workspace));
        try
        {
            if (parsed.GetValue(passphraseFd) is { } fd)
            {
                await VaultCommand.UnlockAsync(services.Vault.Vault, fd, terminal, cancellationToken);
            }

            var agent = RunAgent.Of(services.Codices, parsed.GetValue(template)!, parsed.GetValue(set) ?? [], text);
            IProvider chosen;
            if (parsed.GetValue(kind) is { } unstored)
            {
                chosen = services.Providers.Factory.Build(Unstored(services, unstored, parsed.GetValue(baseUrl), parsed.GetValue(keyEnv)));
            }
            else
            {
                chosen = parsed.GetValue(provider) is { } named
                    ? await services.Providers.Registry.GetAsync(named, cancellationToken)
                    : await agent.ProviderAsync(services.Providers.Registry, cancellationToken);
            }

            // Another provider has other models.
            var requested =
                parsed.GetValue(model) ?? (parsed.GetValue(provider) is null && parsed.GetValue(kind) is null ? agent.Spec.Model : null);

            await using (chosen)
            {
                await VaultCommand.UnlockForAsync(services.Vault.Vault, [chosen.Settings], terminal, cancellationToken);
                return await AskAsync(
                    services,
                    parsed.GetValue(template)!,
                    agent,
                    chosen,
                    text,
                    requested,
                    parsed.GetValue(json) || parsed.GetValue(output) == "stream-json",
                    cancellationToken
                );
            }
        }
        catch (FailureException fault)
        {
            terminal.WriteError(services.Platform.Redactor.Mask(fault.Message));
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    private async Task<int> AskAsync(
        Services services,
        string templateId,
        RunAgent agent,
        IProvider chosen,
        string text,
        string? wantedModel,
        bool asJson,
        CancellationToken cancellationToken
    )
    {
        var resolved = await services.Providers.Registry.ResolveModelAsync(chosen, wantedModel, cancellationToken);
        var now = services.Platform.Time.GetUtcNow();
        var ask = new Message
        {
            Id = Ids.New("msg"),
            CodexId = Ids.New("run"),
            Role = MessageRole.User,
            CreatedAt = now,
            UpdatedAt = now,
            Parts = [new MessagePart.Text(text)],
        };
        // The current folder is the user's choice, but it is not needed for a single request.
        var request = ContextBuilder.Build(
            ask.CodexId,
            [ask],
            chosen.Settings,
            resolved,
            agent.System,
            workingDirectory: null,
            isContinuation: false,
            agent.Options
        );
        ITurnSink sink = asJson
            ? new JsonLines(terminal, services.Providers.Registry.NameOf)
            : new ResponseText(terminal, services.Platform.Redactor.Mask);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var turn = new Turn(
            new TurnContext
            {
                CodexId = ask.CodexId,
                Turn = new RunningTurn("", services.Platform.Time) { Stop = stop },
                Requests = new SingleRequest(chosen, request, services.Providers.Registry),
                Log = new NullMessageLog(),
                Sink = services.Telemetry.Trace(ask.CodexId, templateId, text, sink),
                Time = services.Platform.Time,
                Redactor = services.Platform.Redactor,
                Chosen = new ProviderInfo(chosen.Settings.Id, resolved),
                Secrets = services.Codices.Secrets.Current,
            }
        );
        var (answer, _, _) = await turn.RunAsync();
        if (answer.Error is { } error)
        {
            terminal.WriteError(error.Message);
        }
        return answer.Status switch
        {
            MessageStatus.Complete => ExitCodes.Done,
            MessageStatus.Stopped => ExitCodes.Interrupted,
            _ => ExitCodes.Failed,
        };
    }

    private static ProviderSettings Unstored(Services services, string kind, string? baseUrl, string? keyEnv)
    {
        if (keyEnv is not null)
        {
            services.Vault.EnvironmentKeys.Bind(keyEnv, baseUrl ?? DefaultOrigin(kind));
        }

        return new ProviderSettings
        {
            Id = kind,
            Name = kind,
            Kind = kind,
            Source = ProviderSource.CommandLine,
            Endpoint = baseUrl is null ? null : new Uri(baseUrl),
            ApiKeyRef = keyEnv is null ? null : $"env://{keyEnv}",
        };
    }

    private static string DefaultOrigin(string kind) =>
        ProviderKinds.Find(kind)?.DefaultEndpoint is { } vendor && vendor.StartsWith("https://", StringComparison.Ordinal)
            ? vendor
            : throw new FailureException(
                FailureKind.MissingField,
                $"Set --base-url to the address that the key of this {kind} connection may be sent to."
            );

    private static bool IsWebAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https";
}
