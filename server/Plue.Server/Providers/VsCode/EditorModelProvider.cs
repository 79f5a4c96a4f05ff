using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.VsCode;

/// <summary>Language models that VS Code offers to extensions. VS Code handles sign-in, access and billing.</summary>
/// <param name="vendor">The only vendor, such as <see cref="Copilot"/>; null for all vendors, whose models are named <c>vendor/model</c>.</param>
internal sealed class EditorModelProvider(ProviderSettings settings, string? vendor, Func<IEditorModels?> editor, TimeProvider time)
    : IProvider
{
    public const string Copilot = "copilot";

    /// <summary>The vendor of Plue's own models in VS Code, which are never used, to prevent endless recursion.</summary>
    private const string Plue = "plue";

    /// <summary>Long, because VS Code asks the user for access before the first response.</summary>
    private static readonly TimeSpan FirstEvent = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(120);

    private volatile IReadOnlyList<EditorModel>? known;

    public ProviderSettings Settings => settings;

    /// <summary>VS Code does not send images to GitHub Copilot, whatever its models support.</summary>
    public ProviderCapabilities Capabilities =>
        settings.Capabilities with
        {
            Images = vendor is null && settings.Capabilities.Images,
            IsOfEditor = true,
        };

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (editor() is not { } models)
        {
            yield return new ProviderEvent.Failed(NoEditor());
            yield break;
        }

        var (owner, model) = AddressOf(request.Model);
        if (RefusalOf(owner, request.Model) is { } refusal)
        {
            yield return new ProviderEvent.Failed(refusal);
            yield break;
        }

        if (request.Tools.Count > 0 && await SupportsToolsAsync(models, request.Model, cancellationToken).ConfigureAwait(false) == false)
        {
            request = request with { Tools = [] };
            yield return new ProviderEvent.Waiting("a response without tools, which this version of VS Code does not support");
        }

        using var timeout = new ExchangeTimeout(FirstEvent, settings.Timeout ?? Idle, time, cancellationToken);
        await using var events = models
            .StreamAsync(owner, Prepared(request) with { Model = model }, timeout.Token)
            .GetAsyncEnumerator(CancellationToken.None);
        var calls = new ToolCalls(request);
        var isOver = false;
        while (!isOver)
        {
            EditorModelEvent? next = null;
            Failure? failure = null;
            try
            {
                next = await events.MoveNextAsync().ConfigureAwait(false) ? events.Current : null;
            }
            catch (FailureException fault)
            {
                failure =
                    timeout.HasFirstByte && fault.Failure.Kind == FailureKind.Unreachable
                        ? fault.Failure with
                        {
                            Kind = FailureKind.CutStream,
                        }
                        : fault.Failure;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                failure = timeout.HasExpired
                    ? new Failure(
                        FailureKind.Timeout,
                        $"{settings.Name} sent nothing for {DurationText.Of(timeout.Limit)}. Try again, or choose another model."
                    )
                    : new Failure(
                        FailureKind.CutStream,
                        $"VS Code ended the response of {settings.Name} before it was complete. Try again."
                    );
            }

            cancellationToken.ThrowIfCancellationRequested();
            timeout.Renew();
            switch (next)
            {
                case EditorModelEvent.Text { Content.Length: > 0 } text:
                    yield return new ProviderEvent.TextDelta(text.Content);
                    break;
                case EditorModelEvent.ToolCall asked:
                    var call = calls.Add(asked.ToolUseId, asked.ToolName);
                    call.Append(asked.Parameters);
                    var whole = call.ToFinished();
                    yield return new ProviderEvent.ToolCallStarted(call.Id, call.Name);
                    yield return new ProviderEvent.ToolCallDelta(call.Id, whole.Raw ?? whole.Parameters);
                    yield return whole;
                    break;
                case EditorModelEvent.Finished finished:
                    isOver = true;
                    yield return new ProviderEvent.Finished(calls.All.Count > 0 ? StopReason.ToolUse : finished.Reason);
                    break;
                case null:
                    failure ??= new Failure(
                        FailureKind.CutStream,
                        $"VS Code ended the response of {settings.Name} before it was complete. Try again."
                    );
                    break;
            }

            if (failure is null || isOver)
            {
                continue;
            }

            isOver = true;
            yield return new ProviderEvent.Failed(failure);
        }
    }

    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ListModelsAsync(cancellationToken).ConfigureAwait(false)).Count > 0 ? null : NoModels();
        }
        catch (FailureException fault)
        {
            return fault.Failure;
        }
    }

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        var models = editor() ?? throw new FailureException(NoEditor());
        var listed = known = await ListAsync(models, cancellationToken).ConfigureAwait(false);
        return
        [
            .. listed.Select(model => new ModelInfo
            {
                Id = NameOf(model),
                Name = model.Name,
                ContextLength = model.MaxInputTokens > 0 ? model.MaxInputTokens : null,
                SupportsTools = model.SupportsTools,
                SupportsVision = model.SupportsVision,
            }),
        ];
    }

    private async Task<bool?> SupportsToolsAsync(IEditorModels models, string model, CancellationToken cancellationToken)
    {
        try
        {
            var listed = known ??= await ListAsync(models, cancellationToken).ConfigureAwait(false);
            return (
                listed.FirstOrDefault(candidate => NameOf(candidate) == model)
                ?? listed.FirstOrDefault(candidate => vendor is not null && candidate.Family == model)
            )?.SupportsTools;
        }
        catch (FailureException)
        {
            // The request will report the failure.
            return null;
        }
    }

    private async Task<IReadOnlyList<EditorModel>> ListAsync(IEditorModels models, CancellationToken cancellationToken) =>
        [.. (await models.ListAsync(vendor, cancellationToken).ConfigureAwait(false)).Where(model => model.Vendor != Plue)];

    private string NameOf(EditorModel model) => vendor is null ? $"{model.Vendor}/{model.Id}" : model.Id;

    /// <summary>Returns the vendor and the id of a model; the vendor is empty if the name contains none.</summary>
    private (string Vendor, string Model) AddressOf(string name) =>
        vendor is { } only ? (only, name)
        : name.IndexOf('/', StringComparison.Ordinal) is > 0 and var end ? (name[..end], name[(end + 1)..])
        : ("", name);

    private static Failure? RefusalOf(string owner, string name) =>
        owner switch
        {
            Plue => new Failure(
                FailureKind.BadRequest,
                $"{name} is a model of Plue itself, which Plue does not use through VS Code. Choose another model."
            ),
            "" => new Failure(
                FailureKind.ModelNotFound,
                $"{name} is not the name of a model in VS Code, which has the form vendor/model. Choose another model."
            ),
            _ => null,
        };

    /// <summary>Inserts the system prompt before the first message, because the API has none.</summary>
    private ProviderRequest Prepared(ProviderRequest request)
    {
        var messages = RequestMessages.Of(request, settings);
        var prompt = RequestMessages.SystemTexts(request).Select(text => (MessagePart)new MessagePart.Text(text)).ToList();
        if (prompt.Count > 0 && messages.FirstOrDefault() is { } first)
        {
            messages = [first with { Role = MessageRole.User, Parts = prompt }, .. messages];
        }
        return request with
        {
            Messages = messages,
            System = null,
            Temperature = request.Temperature ?? settings.Temperature,
            MaxTokens = request.MaxTokens ?? settings.MaxTokens,
            StopSequences = request.StopSequences.Count > 0 ? request.StopSequences : settings.StopSequences,
            ReasoningLevel = request.ReasoningLevel ?? settings.ReasoningLevel,
        };
    }

    private Failure NoEditor() =>
        new(
            FailureKind.MissingField,
            vendor is null
                ? $"{settings.Name} works only through VS Code, which is not connected. Use it from a chat in VS Code."
                : $"{settings.Name} works only through VS Code, which is not connected. Use a chat in VS Code, or set auth_type: \"oauth\" and your own client_id in its file."
        );

    private Failure NoModels() =>
        new(
            FailureKind.ProviderAuthFailed,
            vendor is null
                ? "VS Code offers no language models of other extensions. Install an extension that has some, and sign in there, then try again."
                : $"VS Code offers no model of {settings.Name}. Install GitHub Copilot in VS Code and sign in there, then try again."
        );
}
