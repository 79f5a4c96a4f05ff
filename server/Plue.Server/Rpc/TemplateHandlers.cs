using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>template/*. The command line uses the same methods.</summary>
internal sealed class TemplateHandlers(Documents documents, TemplateChecks checks, TemplateTrial trial, ProviderRegistry providers)
{
    private readonly TemplateCatalog templates = documents.Templates;

    public static TemplateHandlers Of(Services services)
    {
        var (codices, providers, checks) = (services.Codices, services.Providers.Registry, services.Documents.Checks);
        return new TemplateHandlers(
            codices.Documents,
            checks,
            new TemplateTrial(codices.Templates, providers, checks, codices.Instructions, codices.Prompts),
            providers
        );
    }

    public void Register(RpcServer server)
    {
        server.Map(Methods.TemplateList, (parameters, _) => Task.FromResult(List(parameters)));
        server.Map(Methods.TemplateGet, (parameters, _) => Task.FromResult(Get(parameters)));
        server.Map(Methods.TemplateCheck, (parameters, _) => Task.FromResult(Check(parameters)));
        server.Map(Methods.TemplateTry, (parameters, _) => Task.FromResult(Try(parameters)));
        server.Map(Methods.TemplateSchema, (parameters, _) => Task.FromResult(Schema(parameters)));
        server.Map(Methods.TemplateStartingPoints, (_, _) => Task.FromResult(StartingPoints()));
    }

    public TemplateListResult List(TemplateListParams parameters)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        List<TemplateSummary> found =
        [
            .. templates
                .List()
                .Where(entry => entry.Id.Length > 0)
                .Select(entry => Summary(entry, entry.Template is not null && seen.Add(entry.Id))),
        ];
        return new TemplateListResult([
            .. found
                .Where(template => parameters.Collection is not { } wanted || template.Collection == wanted)
                .GroupBy(template => template.Id, StringComparer.Ordinal)
                .OrderBy(
                    same => same.FirstOrDefault(template => template.IsActive)?.Name ?? same.First().Name,
                    StringComparer.OrdinalIgnoreCase
                )
                .ThenBy(same => same.Key, StringComparer.Ordinal)
                .SelectMany(same => same.OrderByDescending(template => template.IsActive)),
        ]);
    }

    /// <exception cref="FailureException">NotFound: no such template. Conflict: its file has errors.</exception>
    public TemplateView Get(TemplateGetParams parameters)
    {
        var template = Find(parameters.Id);
        return new TemplateView(template.Id, template.Name, template.Description, [.. template.Fields.Select(FieldViews.View)])
        {
            ParentTemplate = template.ParentTemplate,
            Collection = Collection(template.Id),
            Icon = template.Icon,
            Color = template.Color,
            Path = templates.List().FirstOrDefault(entry => entry.Id == template.Id && entry.Template is not null) is { } entry
                ? PathOf(entry)
                : null,
        };
    }

    /// <exception cref="FailureException">NotFound: no file has this id, and no text was given.</exception>
    public TemplateCheckResult Check(TemplateCheckParams parameters)
    {
        if (parameters is { Id: { } id, Text: null } && templates.List().All(entry => entry.Id != id))
        {
            Find(id);
        }

        return new TemplateCheckResult([.. (parameters.Id is { } one ? checks.Of(one, parameters.Text) : checks.All()).Select(View)]);
    }

    /// <exception cref="FailureException">NotFound. Conflict: the template has errors.</exception>
    public TemplateTryResult Try(TemplateTryParams parameters)
    {
        var given = Json5Object.Of(
            (parameters.Values ?? new Dictionary<string, JsonElement>())
                .Select(pair => (pair.Key, Value: FieldViews.ToJson5(pair.Value)))
                .Where(pair => pair.Value is not null)
                .Select(pair => (pair.Key, pair.Value!))
        );
        var tried = trial.Run(parameters.Id, given);
        return new TemplateTryResult
        {
            Id = tried.Template.Id,
            Name = tried.Template.Name,
            System = tried.Instructions.System ?? "",
            Message = tried.Message,
            Sources = [.. tried.Instructions.Sources.Select(ToProtocol.InstructionSource)],
            Tools = [.. tried.Tools.Select(View)],
            Provider = tried.Target is { } target ? View(target) : null,
            InputTokens = tried.InputTokens,
            FirstRequestCost = tried.FirstCost,
            MaxCost = tried.MostCost,
            Findings = [.. tried.Findings.Select(View)],
        };
    }

    /// <exception cref="FailureException">NotFound: no such template. Conflict: its file has errors.</exception>
    public TemplateSchemaResult Schema(TemplateSchemaParams parameters) =>
        new(
            parameters.Id is { } id
                ? TemplateSchema.Of(Find(id), templates.CollectionOf)
                : TemplateSchema.OfTemplateFiles(templates.CollectionOf)
        );

    public static TemplateStartingPointsResult StartingPoints() =>
        new([
            .. StartingPoint.All.Select(point => new TemplateStartingPoint(
                point.Id,
                point.Name,
                point.Description,
                point.Text,
                point.Prompt
            )),
        ]);

    private Template Find(string id) => templates.Find(id) ?? throw templates.Missing(id);

    private TemplateSummary Summary(TemplateEntry entry, bool inForce)
    {
        // For a file with errors, the values of the readable part are shown.
        var (template, values) = (
            entry.Template,
            entry.Template is null ? documents.Of(CodexCollection.Templates).Get(entry.Id)?.Values : null
        );
        var parent = template?.ParentTemplate ?? values?.GetString("parent_template");
        return new TemplateSummary
        {
            Id = entry.Id,
            Name = template?.Name ?? values?.GetString("name") ?? entry.Id,
            Description = template?.Description ?? values?.GetString("description"),
            Version = template?.Version,
            ParentTemplate = parent,
            Collection = parent is null ? Collection(entry.Id) : Collection(parent),
            Layer = (CodexLayer)entry.Layer,
            Path = PathOf(entry),
            Icon = template?.Icon,
            Color = template?.Color,
            Tags = template?.Tags ?? [],
            IsIsolated = template?.Default(StoredChat.IsolationField) is Json5String { Value: StoredChat.Worktree },
            IsActive = inForce,
            Problems = [.. entry.Problems.Select(FieldViews.View)],
        };
    }

    private TrialProvider View(TrialTarget target)
    {
        var settings = target.Settings;
        var status = providers.StateOf(settings).Health switch
        {
            ProviderHealth.Connected => ProviderStatus.Connected,
            ProviderHealth.Error => ProviderStatus.Error,
            _ => ProviderStatus.Untested,
        };
        return new TrialProvider(
            settings.Id,
            settings.Name,
            target.Model,
            ToProtocol.Name(status),
            target.Price is { } price ? ToProtocol.Price(price) : null,
            target.Known?.ContextLength,
            settings.IsFree
        );
    }

    private static ToolView View(string tool) =>
        ToolNames.Find(tool) is { } known
            ? new ToolView(known.Name, known.Description, known.MayChange, IsKnown: true)
            : new ToolView(
                tool,
                ToolNames.IsVsCodeTool(tool) ? "Tools of VS Code that you enabled."
                    : tool == ToolNames.AllSelected ? "Tools of MCP servers that you selected for all chats."
                    : ToolNames.IsValidName(tool) ? $"A tool of the server {tool.Split(ToolNames.ServerSeparator)[0]}."
                    : ToolNames.Unknown(tool),
                HasSideEffects: true,
                IsKnown: false
            );

    private static TemplateFinding View(Finding finding) =>
        new(
            (Protocol.FindingKind)finding.Kind,
            finding.Code,
            finding.TemplateId,
            finding.Path,
            finding.Line,
            finding.Column,
            finding.Message
        );

    private string Collection(string templateId) => templates.CollectionOf(templateId).Name();

    private static string? PathOf(TemplateEntry entry) => entry.Layer == TemplateLayer.Shipped ? null : entry.Source;
}
