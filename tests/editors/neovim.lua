-- Opens program.py in Neovim, waits for the server's diagnostics, takes the first code action that learns of
-- `learning_rate`, and writes what it saw to seen.json and the file. Run in a folder that holds
-- program.py, with the server's command in KERASAST_SERVER:
--   nvim --headless -u NONE -i NONE -n -S neovim.lua
vim.cmd("edit program.py")
local server = vim.lsp.start_client({ name = "kerasast", cmd = vim.split(vim.env.KERASAST_SERVER, " "), root_dir = vim.fn.getcwd() })
vim.lsp.buf_attach_client(0, server)

local function codes()
  local found = {}
  for _, item in ipairs(vim.diagnostic.get(0)) do
    table.insert(found, item.code or item.user_data.lsp.code)
  end
  table.sort(found)
  return found
end

local function wait_for(count)
  return vim.wait(30000, function() return #vim.diagnostic.get(0) == count end, 50)
end

wait_for(2)
local before = codes()
vim.ui.select = function(items, _, choose)
  for _, item in ipairs(items) do
    if item[2].title:find("learning_rate") then return choose(item) end
  end
  choose(nil)
end
vim.api.nvim_win_set_cursor(0, { 4, 0 })
vim.lsp.buf.code_action()
wait_for(1)
vim.cmd("write")

-- The life of the model on the third line, and the document of a rule.
local uri = vim.uri_from_bufnr(0)
local answer = vim.lsp.buf_request_sync(0, "kerasast/lifecycle", {
  textDocument = { uri = uri }, position = { line = 2, character = 1 },
}, 30000)
local story = {}
for _, reply in pairs(answer) do
  for _, event in ipairs(reply.result.events) do table.insert(story, event.kind) end
end
local explained = ""
vim.lsp.handlers["window/showMessage"] = function(_, params) explained = params.message end
vim.lsp.buf_request_sync(0, "workspace/executeCommand", {
  command = "kerasast.server.explainRule", arguments = { "save-before-build" },
}, 30000)
vim.wait(30000, function() return explained ~= "" end, 50)
local file = io.open("seen.json", "w")
file:write(vim.fn.json_encode({ before = before, after = codes(), story = story, explained = explained }))
file:close()
vim.cmd("qall!")
