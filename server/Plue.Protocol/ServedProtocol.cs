namespace Plue.Protocol;

/// <param name="Name">A tool that Plue offers to other programs, such as <c>search_chats</c>.</param>
/// <param name="Parameters">A JSON object.</param>
public sealed record PlueToolCallParams(string Name, string Parameters);

/// <param name="Text">JSON; for an error, a sentence with the next step.</param>
public sealed record PlueToolCallResult(string Text, bool IsError);
