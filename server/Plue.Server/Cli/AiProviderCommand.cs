using System.Collections.Concurrent;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Providers;
using Plue.Server.Providers.External;
using Plue.Server.Providers.Http;

namespace Plue.Server.Cli;

/// <summary>
/// <c>plue ai-provider</c>: makes the providers of Plue available to other programs, in the format of docs/external-providers.md. Reads requests from
/// stdin, runs them concurrently, and exits after the last one. Exit codes: 0, 130 interrupted.
/// </summary>
internal sealed class AiProviderCommand(Func<string?, Services> open, Terminal terminal)
{
    private const int MaxLineLength = 16 * 1024 * 1024;

    private readonly Option<int?> passphraseFd = CommonOptions.PassphraseFd();
    private readonly ConcurrentDictionary<string, CancellationTokenSource> running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IProvider> unstored = new(StringComparer.Ordinal);
    private readonly Lock writing = new();

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new AiProviderCommand(open, terminal).Build();

    private Command Build()
    {
        var command = new Command(
            "ai-provider",
            "Serve other programs: requests on stdin, one JSON object per line, responses on stdout, for example: plue ai-provider"
        )
        {
            passphraseFd,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var services = open(null);
        try
        {
            await VaultCommand.UnlockIfRequestedAsync(
                services.Vault.Vault,
                parsed.GetValue(passphraseFd),
                services.Providers.Registry.SwitchedOn(),
                terminal,
                cancellationToken
            );

            List<Task> requests = [];
            while (await ReadLineAsync(cancellationToken) is { } line)
            {
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                requests.RemoveAll(request => request.IsCompleted);
                requests.Add(ServeAsync(services, line, cancellationToken));
            }

            await Task.WhenAll(requests);
            return ExitCodes.Done;
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
        finally
        {
            foreach (var provider in unstored.Values)
            {
                await provider.DisposeAsync();
            }
        }
    }

    /// <summary>Waits for input even if the pipe is never closed, but stops on Ctrl+C.</summary>
    private async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var reading = Task.Run(terminal.ReadLine, CancellationToken.None);
        var line = await reading.WaitAsync(cancellationToken);
        return line is { Length: > MaxLineLength } ? "" : line;
    }

    private async Task ServeAsync(Services services, string line, CancellationToken cancellationToken)
    {
        string? id = null;
        try
        {
            using var document = JsonDocument.Parse(line);
            var request = document.RootElement.Clone();
            id = request.Text("id");
            if (request.Text("action") == "cancel")
            {
                if (id is not null && running.TryGetValue(id, out var asked))
                {
                    await asked.CancelAsync();
                }
                return;
            }

            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (id is not null && !running.TryAdd(id, stop))
            {
                throw new FailureException(FailureKind.BadRequest, $"A request with the id {id} is already in progress.");
            }

            try
            {
                await ServeAsync(services, id, request, stop.Token);
            }
            finally
            {
                if (id is not null)
                {
                    running.TryRemove(id, out _);
                }
            }
        }
        catch (FailureException fault)
        {
            Refuse(services, id, fault.Failure);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            Refuse(
                services,
                id,
                new Failure(FailureKind.BadRequest, "The line is not a request. Send one JSON object with action, provider and params.")
            );
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Refuse(services, id, new Failure(FailureKind.Refused, "Stopped."));
        }
    }

    private async Task ServeAsync(Services services, string? id, JsonElement request, CancellationToken cancellationToken)
    {
        var parameters = request.Field("params") ?? default;
        var provider = Provider(services, request.Text("provider"), parameters);
        switch (request.Text("action"))
        {
            case "authenticate":
                if (await provider.CheckAsync(cancellationToken) is { } failure)
                {
                    throw new FailureException(failure);
                }

                Write(
                    id,
                    writer =>
                    {
                        writer.WriteBoolean("success"u8, true);
                        writer.WriteStartObject("data"u8);
                        writer.WriteEndObject();
                    }
                );
                break;
            case "list_models":
                var models = await provider.ListModelsAsync(cancellationToken);
                Write(
                    id,
                    writer =>
                    {
                        writer.WriteBoolean("success"u8, true);
                        writer.WriteStartArray("data"u8);
                        foreach (var model in models)
                        {
                            ExternalWire.WriteModel(writer, model);
                        }
                        writer.WriteEndArray();
                    }
                );
                break;
            case "stream_chat":
                await StreamAsync(
                    services,
                    id,
                    provider,
                    ExternalWire.ReadChat(parameters, id ?? Ids.New("ai"), services.Platform.Time.GetUtcNow()),
                    cancellationToken
                );
                break;
            default:
                throw new FailureException(FailureKind.BadRequest, "The action must be authenticate, list_models, stream_chat or cancel.");
        }
    }

    private async Task StreamAsync(
        Services services,
        string? id,
        IProvider provider,
        ProviderRequest request,
        CancellationToken cancellationToken
    )
    {
        services.Providers.Registry.RefuseModel(provider.Settings, request.Model);
        ProviderEvent.UsageReported? usage = null;
        var masked = services.Codices.Secrets.Current is { } secrets ? new ResponseMask(secrets) : null;
        Action<ProviderEvent> give = next =>
        {
            if (next is ProviderEvent.UsageReported reported)
            {
                usage = reported;
            }
            else
            {
                WriteEvent(services, id, next, usage);
            }
        };
        await foreach (var next in Retry.StreamAsync(provider, request, services.Platform.Time, cancellationToken))
        {
            if (masked is null)
            {
                give(next);
            }
            else
            {
                masked.Take(next, give);
            }
        }
    }

    private void WriteEvent(Services services, string? id, ProviderEvent next, ProviderEvent.UsageReported? usage)
    {
        switch (next)
        {
            case ProviderEvent.TextDelta(var text):
                WriteChunk(id, "content", text);
                break;
            case ProviderEvent.ReasoningDelta(var text):
                WriteChunk(id, "reasoning", text);
                break;
            case ProviderEvent.ToolCallFinished(var toolUseId, var name, var arguments) call:
                Write(
                    id,
                    writer =>
                    {
                        writer.WriteString("type"u8, "tool_use"u8);
                        writer.WriteString("tool_use_id"u8, toolUseId);
                        writer.WriteString("tool_name"u8, name);
                        writer.WritePropertyName("parameters"u8);
                        // Invalid arguments are passed on as text, so that the receiver does not treat them as missing.
                        if (call.Raw is { } raw)
                        {
                            writer.WriteStringValue(raw);
                        }
                        else
                        {
                            writer.WriteRawValue(arguments);
                        }
                    }
                );
                break;
            case ProviderEvent.Failed(var failure):
                Write(
                    id,
                    writer =>
                    {
                        writer.WriteString("type"u8, "error"u8);
                        ExternalWire.WriteError(writer, failure with { Message = services.Platform.Redactor.Mask(failure.Message) });
                    }
                );
                break;
            case ProviderEvent.Finished(var reason):
                Write(
                    id,
                    writer =>
                    {
                        writer.WriteString("type"u8, "done"u8);
                        writer.WriteString("stop_reason"u8, JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString()));
                        ExternalWire.WriteUsage(writer, usage?.Usage ?? new Usage(), usage?.VendorCost);
                    }
                );
                break;
        }
    }

    /// <summary>Gets a configured provider by its name, or creates one of this kind from the passed configuration without storing it.</summary>
    private IProvider Provider(Services services, string? name, JsonElement parameters)
    {
        if (string.IsNullOrEmpty(name))
        {
            throw new FailureException(FailureKind.MissingField, "The request names no provider: one of yours, or a kind such as ollama.");
        }
        if (services.Providers.Registry.List().Any(known => known.Settings.Id == name))
        {
            return services.Providers.Registry.Get(name);
        }

        var kind = ProviderKinds.Find(name) ?? throw new FailureException(FailureKind.NotFound, $"No provider or kind is named {name}.");
        if (kind.Capabilities.IsUserProgram)
        {
            throw new FailureException(FailureKind.BadRequest, "An external provider cannot be started for another program.");
        }

        var configuration = parameters.Field("configuration") ?? default;
        return unstored.GetOrAdd(
            $"{name}\n{(configuration.ValueKind == JsonValueKind.Undefined ? "" : configuration.GetRawText())}",
            _ => services.Providers.Factory.Build(Unstored(services, kind, configuration))
        );
    }

    private static ProviderSettings Unstored(Services services, ProviderKind kind, JsonElement configuration)
    {
        var endpoint = configuration.Text("endpoint");
        if (endpoint is not null && !(Uri.TryCreate(endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            throw new FailureException(FailureKind.MissingField, "configuration.endpoint is not an http or https address.");
        }

        var address = endpoint ?? kind.DefaultEndpoint;
        string? key = null;
        if (configuration.Text("api_key") is { Length: > 0 } secret)
        {
            key = services.Vault.EnvironmentKeys.Register(
                secret,
                address
                    ?? throw new FailureException(
                        FailureKind.MissingField,
                        "configuration.endpoint is missing: the key has to be meant for an address."
                    )
            );
        }

        return new ProviderSettings
        {
            Id = kind.Id,
            Name = kind.Name,
            Kind = kind.Id,
            Source = ProviderSource.CommandLine,
            Endpoint = endpoint is null ? null : new Uri(endpoint),
            Model = configuration.Text("model"),
            ApiKeyRef = key,
        };
    }

    private void WriteChunk(string? id, string type, string content) =>
        Write(
            id,
            writer =>
            {
                writer.WriteString("type"u8, type);
                writer.WriteString("content"u8, content);
            }
        );

    private void Refuse(Services services, string? id, Failure failure) =>
        Write(
            id,
            writer =>
            {
                writer.WriteBoolean("success"u8, false);
                ExternalWire.WriteError(writer, failure with { Message = services.Platform.Redactor.Mask(failure.Message) });
            }
        );

    private void Write(string? id, Action<Utf8JsonWriter> members)
    {
        var line = ExternalWire.Line(writer =>
        {
            if (id is not null)
            {
                writer.WriteString("id"u8, id);
            }
            members(writer);
        });
        lock (writing)
        {
            terminal.WriteLine(Encoding.UTF8.GetString(line));
        }
    }
}
