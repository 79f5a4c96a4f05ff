using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Plue.Protocol;

/// <summary>The only JSON options that the RPC uses: camelCase, enums as camelCase strings, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false,
    Converters = [
        typeof(CamelCaseEnumConverter<CodexStatus>),
        typeof(CamelCaseEnumConverter<MessageRole>),
        typeof(CamelCaseEnumConverter<MessageStatus>),
        typeof(CamelCaseEnumConverter<StopReason>),
        typeof(CamelCaseEnumConverter<ProviderStatus>),
        typeof(CamelCaseEnumConverter<ProviderSource>),
        typeof(CamelCaseEnumConverter<AuthType>),
        typeof(CamelCaseEnumConverter<CatalogSource>),
        typeof(CamelCaseEnumConverter<ProblemSeverity>),
        typeof(CamelCaseEnumConverter<FieldType>),
        typeof(CamelCaseEnumConverter<HostRole>),
        typeof(CamelCaseEnumConverter<CodexLayer>),
        typeof(CamelCaseEnumConverter<ExportFormat>),
        typeof(CamelCaseEnumConverter<ImportFormat>),
        typeof(CamelCaseEnumConverter<AttachmentKind>),
        typeof(CamelCaseEnumConverter<AttachmentMode>),
        typeof(CamelCaseEnumConverter<AttachmentQuestion>),
        typeof(CamelCaseEnumConverter<SteeringKind>),
        typeof(CamelCaseEnumConverter<FindingKind>),
        typeof(CamelCaseEnumConverter<HostNotifyLevel>),
        typeof(CamelCaseEnumConverter<ApprovalKind>),
        typeof(CamelCaseEnumConverter<ApprovalDecision>),
        typeof(CamelCaseEnumConverter<TodoState>),
        typeof(CamelCaseEnumConverter<TimelineKind>),
        typeof(CamelCaseEnumConverter<EditKind>),
        typeof(CamelCaseEnumConverter<EditState>),
        typeof(CamelCaseEnumConverter<McpState>),
        typeof(CamelCaseEnumConverter<VsCodeToolState>),
        typeof(CamelCaseEnumConverter<HostCellOutcome>),
        typeof(CamelCaseEnumConverter<HealthState>),
        typeof(CamelCaseEnumConverter<HostWriteOutcome>),
        typeof(CamelCaseEnumConverter<HostSeverity>),
        typeof(CamelCaseEnumConverter<HostReferenceKind>),
        typeof(CamelCaseEnumConverter<HealthAction>),
    ]
)]
[JsonSerializable(typeof(Nothing))]
[JsonSerializable(typeof(ApprovalListResult))]
[JsonSerializable(typeof(ApprovalChangedParams))]
[JsonSerializable(typeof(ApprovalContentParams))]
[JsonSerializable(typeof(ApprovalContentResult))]
[JsonSerializable(typeof(ApprovalAnswerParams))]
[JsonSerializable(typeof(ApprovalRulesResult))]
[JsonSerializable(typeof(ApprovalForgetParams))]
[JsonSerializable(typeof(TaskSpawnParams))]
[JsonSerializable(typeof(TaskListParams))]
[JsonSerializable(typeof(TaskListResult))]
[JsonSerializable(typeof(TaskView))]
[JsonSerializable(typeof(TaskUriParams))]
[JsonSerializable(typeof(TaskStopParams))]
[JsonSerializable(typeof(TaskSteerParams))]
[JsonSerializable(typeof(TaskSetBudgetParams))]
[JsonSerializable(typeof(TaskDetail))]
[JsonSerializable(typeof(TaskEventParams))]
[JsonSerializable(typeof(EditListParams))]
[JsonSerializable(typeof(EditListResult))]
[JsonSerializable(typeof(EditDecideParams))]
[JsonSerializable(typeof(EditTurnParams))]
[JsonSerializable(typeof(EditContentParams))]
[JsonSerializable(typeof(EditContentResult))]
[JsonSerializable(typeof(EditChangedParams))]
[JsonSerializable(typeof(HealthCheckParams))]
[JsonSerializable(typeof(HealthCheckResult))]
[JsonSerializable(typeof(McpListResult))]
[JsonSerializable(typeof(McpApproveParams))]
[JsonSerializable(typeof(McpNameParams))]
[JsonSerializable(typeof(McpSignInResult))]
[JsonSerializable(typeof(InitializeParams))]
[JsonSerializable(typeof(InitializeResult))]
[JsonSerializable(typeof(WorkspaceTrustParams))]
[JsonSerializable(typeof(WorkspaceFoldersParams))]
[JsonSerializable(typeof(ErrorData))]
[JsonSerializable(typeof(CodexListParams))]
[JsonSerializable(typeof(CodexListResult))]
[JsonSerializable(typeof(CodexGetParams))]
[JsonSerializable(typeof(CodexGetResult))]
[JsonSerializable(typeof(CodexCreateParams))]
[JsonSerializable(typeof(CodexUpdateParams))]
[JsonSerializable(typeof(CodexDeleteParams))]
[JsonSerializable(typeof(CodexChangedParams))]
[JsonSerializable(typeof(CodexSummary))]
[JsonSerializable(typeof(MessageSendParams))]
[JsonSerializable(typeof(MessageSendResult))]
[JsonSerializable(typeof(MessageStopParams))]
[JsonSerializable(typeof(MessageStopCallParams))]
[JsonSerializable(typeof(MessageRetryParams))]
[JsonSerializable(typeof(MessageDiscardParams))]
[JsonSerializable(typeof(MessageEventParams))]
[JsonSerializable(typeof(CodexUriParams))]
[JsonSerializable(typeof(CodexForkParams))]
[JsonSerializable(typeof(CodexSwitchBranchParams))]
[JsonSerializable(typeof(CodexHistoryResult))]
[JsonSerializable(typeof(CodexLinksResult))]
[JsonSerializable(typeof(CodexExportParams))]
[JsonSerializable(typeof(CodexExportResult))]
[JsonSerializable(typeof(CodexImportParams))]
[JsonSerializable(typeof(CodexImportResult))]
[JsonSerializable(typeof(CodexImportableParams))]
[JsonSerializable(typeof(CodexImportableResult))]
[JsonSerializable(typeof(MessageSteerParams))]
[JsonSerializable(typeof(MessageUnqueueParams))]
[JsonSerializable(typeof(MessageEditParams))]
[JsonSerializable(typeof(MessageListParams))]
[JsonSerializable(typeof(MessageListResult))]
[JsonSerializable(typeof(MessageIdParams))]
[JsonSerializable(typeof(MessageView))]
[JsonSerializable(typeof(MessageCodexParams))]
[JsonSerializable(typeof(MessageOutlineResult))]
[JsonSerializable(typeof(MessageFindParams))]
[JsonSerializable(typeof(MessageFindResult))]
[JsonSerializable(typeof(MessageCompactResult))]
[JsonSerializable(typeof(MessageContextParams))]
[JsonSerializable(typeof(MessageContextResult))]
[JsonSerializable(typeof(MessageSteeringResult))]
[JsonSerializable(typeof(MessageAllowSteeringParams))]
[JsonSerializable(typeof(MessagePromptParams))]
[JsonSerializable(typeof(MessagePromptResult))]
[JsonSerializable(typeof(AttachmentInspectParams))]
[JsonSerializable(typeof(AttachmentView))]
[JsonSerializable(typeof(AttachmentStoreParams))]
[JsonSerializable(typeof(AttachmentReadParams))]
[JsonSerializable(typeof(AttachmentReadResult))]
[JsonSerializable(typeof(SearchChatsParams))]
[JsonSerializable(typeof(SearchChatsResult))]
[JsonSerializable(typeof(SearchHitsParams))]
[JsonSerializable(typeof(ProviderListResult))]
[JsonSerializable(typeof(ProviderDiscoverResult))]
[JsonSerializable(typeof(ProviderConfigureParams))]
[JsonSerializable(typeof(ProviderSummary))]
[JsonSerializable(typeof(ProviderIdParams))]
[JsonSerializable(typeof(ProviderModelsResult))]
[JsonSerializable(typeof(ClaudeCodeCheckResult))]
[JsonSerializable(typeof(VaultStatusResult))]
[JsonSerializable(typeof(VaultWayParams))]
[JsonSerializable(typeof(VaultStoreParams))]
[JsonSerializable(typeof(VaultListResult))]
[JsonSerializable(typeof(VaultEntrySummary))]
[JsonSerializable(typeof(VaultDeleteParams))]
[JsonSerializable(typeof(ProviderDetail))]
[JsonSerializable(typeof(ProviderSetEnabledParams))]
[JsonSerializable(typeof(ProviderDeleteParams))]
[JsonSerializable(typeof(ProviderModelsParams))]
[JsonSerializable(typeof(ProviderSignInResult))]
[JsonSerializable(typeof(ProviderExecutablesResult))]
[JsonSerializable(typeof(ProviderApproveParams))]
[JsonSerializable(typeof(ExecutableView))]
[JsonSerializable(typeof(ProviderChangedParams))]
[JsonSerializable(typeof(CatalogListResult))]
[JsonSerializable(typeof(CatalogIdParams))]
[JsonSerializable(typeof(CatalogDetail))]
[JsonSerializable(typeof(CatalogSaveParams))]
[JsonSerializable(typeof(CatalogValidateParams))]
[JsonSerializable(typeof(CatalogValidateResult))]
[JsonSerializable(typeof(CatalogImportParams))]
[JsonSerializable(typeof(CatalogDeleteParams))]
[JsonSerializable(typeof(CatalogImportResult))]
[JsonSerializable(typeof(CatalogExportParams))]
[JsonSerializable(typeof(CatalogRefreshResult))]
[JsonSerializable(typeof(CatalogStatsResult))]
[JsonSerializable(typeof(CatalogStartingPointsResult))]
[JsonSerializable(typeof(CatalogBackupsResult))]
[JsonSerializable(typeof(CatalogRestoreParams))]
[JsonSerializable(typeof(VaultSetPassphraseParams))]
[JsonSerializable(typeof(VaultRotateParams))]
[JsonSerializable(typeof(VaultRenameParams))]
[JsonSerializable(typeof(VaultRenameResult))]
[JsonSerializable(typeof(VaultSetOriginsParams))]
[JsonSerializable(typeof(VaultReadEnvParams))]
[JsonSerializable(typeof(VaultReadEnvResult))]
[JsonSerializable(typeof(VaultImportEnvParams))]
[JsonSerializable(typeof(CompletionInlineParams))]
[JsonSerializable(typeof(CompletionInlineResult))]
[JsonSerializable(typeof(CompletionModelsResult))]
[JsonSerializable(typeof(UsageParams))]
[JsonSerializable(typeof(UsageSummaryResult))]
[JsonSerializable(typeof(UsageCsvResult))]
[JsonSerializable(typeof(SettingsResult))]
[JsonSerializable(typeof(SettingsSetParams))]
[JsonSerializable(typeof(TemplateGetParams))]
[JsonSerializable(typeof(TemplateView))]
[JsonSerializable(typeof(HostLanguageModelsParams))]
[JsonSerializable(typeof(HostLanguageModelsResult))]
[JsonSerializable(typeof(HostLanguageModelParams))]
[JsonSerializable(typeof(HostLanguageModelResult))]
[JsonSerializable(typeof(HostLanguageModelEventParams))]
[JsonSerializable(typeof(HostNotifyParams))]
[JsonSerializable(typeof(HostReadDocumentParams))]
[JsonSerializable(typeof(HostReadDocumentResult))]
[JsonSerializable(typeof(HostWriteDocumentParams))]
[JsonSerializable(typeof(HostWriteDocumentResult))]
[JsonSerializable(typeof(HostProblemsParams))]
[JsonSerializable(typeof(HostProblemsResult))]
[JsonSerializable(typeof(HostSymbolsParams))]
[JsonSerializable(typeof(HostReferencesParams))]
[JsonSerializable(typeof(HostPlacesResult))]
[JsonSerializable(typeof(HostRenameParams))]
[JsonSerializable(typeof(HostRenameResult))]
[JsonSerializable(typeof(HostTestsParams))]
[JsonSerializable(typeof(HostTestsResult))]
[JsonSerializable(typeof(HostRunCellParams))]
[JsonSerializable(typeof(HostRunCellResult))]
[JsonSerializable(typeof(HostToolsResult))]
[JsonSerializable(typeof(HostCallToolParams))]
[JsonSerializable(typeof(HostCallToolResult))]
[JsonSerializable(typeof(VsCodeToolListResult))]
[JsonSerializable(typeof(VsCodeToolSelectParams))]
[JsonSerializable(typeof(WorkspaceUnsavedParams))]
[JsonSerializable(typeof(TemplateListParams))]
[JsonSerializable(typeof(TemplateListResult))]
[JsonSerializable(typeof(TemplateCheckParams))]
[JsonSerializable(typeof(TemplateCheckResult))]
[JsonSerializable(typeof(TemplateTryParams))]
[JsonSerializable(typeof(TemplateTryResult))]
[JsonSerializable(typeof(TemplateSchemaParams))]
[JsonSerializable(typeof(TemplateSchemaResult))]
[JsonSerializable(typeof(TemplateStartingPointsResult))]
[JsonSerializable(typeof(CodexRenameParams))]
[JsonSerializable(typeof(CodexRenameResult))]
[JsonSerializable(typeof(DidOpenTextDocumentParams))]
[JsonSerializable(typeof(DidChangeTextDocumentParams))]
[JsonSerializable(typeof(TextDocumentParams))]
[JsonSerializable(typeof(TextDocumentPositionParams))]
[JsonSerializable(typeof(ReferenceParams))]
[JsonSerializable(typeof(TextRenameParams))]
[JsonSerializable(typeof(CodeActionParams))]
[JsonSerializable(typeof(PublishDiagnosticsParams))]
[JsonSerializable(typeof(CompletionListView))]
[JsonSerializable(typeof(HoverView))]
[JsonSerializable(typeof(IReadOnlyList<DocumentLinkView>))]
[JsonSerializable(typeof(TextLocation))]
[JsonSerializable(typeof(IReadOnlyList<TextLocation>))]
[JsonSerializable(typeof(PrepareRenameView))]
[JsonSerializable(typeof(WorkspaceEditView))]
[JsonSerializable(typeof(IReadOnlyList<DocumentSymbolView>))]
[JsonSerializable(typeof(IReadOnlyList<TextEditView>))]
[JsonSerializable(typeof(IReadOnlyList<CodeActionView>))]
[JsonSerializable(typeof(RegistrationParams))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class WireContext : JsonSerializerContext;

public static class Wire
{
    /// <summary>Text stays readable: the stream is not HTML, so only what JSON itself needs is escaped.</summary>
    public static readonly JsonSerializerOptions Options = new(WireContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>True if the member may be missing or null.</summary>
    public static bool IsOptional(JsonPropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null || (!property.PropertyType.IsValueType && property.IsGetNullable);
}

public sealed class CamelCaseEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
